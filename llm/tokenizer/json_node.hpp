#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace edgefuse::llm::tokenizing {

/// A value of tokenizer.json together with the path that leads to it, so that every mistake names its place:
/// `model.merges`, `decoder.decoders[1].type`. A view: the document and the file's name must outlive it.
class JsonNode {
 public:
  JsonNode(const nlohmann::json& value, std::string_view file, std::string path = {})
      : value_{&value}, file_{file}, path_{std::move(path)} {}

  /// The member called `name`; throws InputError when it is missing or this is no object.
  [[nodiscard]] JsonNode at(std::string_view name) const;
  /// Empty when the member is missing or null.
  [[nodiscard]] std::optional<JsonNode> find(std::string_view name) const;
  /// The elements of an array; throws InputError for anything else.
  [[nodiscard]] std::vector<JsonNode> items() const;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] bool boolean() const;
  /// A string of exactly one code point.
  [[nodiscard]] char32_t character() const;
  /// The boolean member `name`, or `fallback` when it is missing or null.
  [[nodiscard]] bool flag(std::string_view name, bool fallback) const;

  [[nodiscard]] const nlohmann::json& value() const { return *value_; }
  [[nodiscard]] std::string_view file() const { return file_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Throws the InputError that names this place.
  [[noreturn]] void refuse(std::string problem, std::string remedy = {}) const;

 private:
  const nlohmann::json* value_;
  std::string_view file_;
  std::string path_;
};

}  // namespace edgefuse::llm::tokenizing
