#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sim/error.hpp"

namespace edgefuse::llm {

/// Parses a file that must hold one JSON object. Throws InputError with the line of a syntax error.
[[nodiscard]] nlohmann::json read_json_object(const std::filesystem::path& path);

/// Reads the keys of one JSON object and notes what is wrong with each instead of stopping at the first. A key that is
/// absent, null or noted as wrong reads as empty.
class JsonReader {
 public:
  /// `object` must outlive the reader; `prefix` ("rope_scaling.") goes before the keys in messages.
  JsonReader(const nlohmann::json& object, std::filesystem::path file, std::string prefix = {});

  [[nodiscard]] const nlohmann::json& object() const { return object_; }
  /// Present and not null.
  [[nodiscard]] bool has(const std::string& key) const;
  std::optional<std::int64_t> integer(const std::string& key, std::int64_t low, std::int64_t high);
  /// Finite, and above 0.
  std::optional<double> positive(const std::string& key);
  std::optional<bool> boolean(const std::string& key);
  std::optional<std::string> text(const std::string& key);

  /// Notes the absence of `key` when `value` is empty although nothing is there.
  template <class T>
  T require(const std::string& key, std::optional<T> value) {
    if (!value && !has(key)) note(key, "is missing", "add it: the original file has it");
    return value.value_or(T{});
  }

  void note(const std::string& key, std::string problem, std::string remedy);
  /// Takes over what another reader of the same file noted.
  void take(JsonReader& other);
  [[nodiscard]] bool clean() const { return mistakes_.empty(); }
  /// Throws InputError when anything was noted.
  void throw_mistakes() const;

 private:
  const nlohmann::json& object_;
  std::filesystem::path file_;
  std::string prefix_;
  std::vector<Mistake> mistakes_;
};

}  // namespace edgefuse::llm
