#include "llm/json_reader.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/mapped_file.hpp"

namespace edgefuse::llm {

using nlohmann::json;

json read_json_object(const std::filesystem::path& path) {
  const MappedFile file{path};
  const std::string_view text{reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
  const auto refuse = [&](int line, std::string problem) {
    return InputError{
        Mistake{.file = path.string(), .line = line, .problem = std::move(problem), .remedy = "repair or replace it"}};
  };
  try {
    json value = json::parse(text.begin(), text.end());
    if (!value.is_object()) throw refuse(1, "is not a JSON object");
    return value;
  } catch (const json::parse_error& error) {
    const auto upto = text.substr(0, std::min(error.byte, text.size()));
    throw refuse(static_cast<int>(1 + std::count(upto.begin(), upto.end(), '\n')), "is not valid JSON");
  } catch (const json::exception&) {
    throw refuse(0, "is JSON with a number out of range");
  }
}

JsonReader::JsonReader(const json& object, std::filesystem::path file, std::string prefix)
    : object_{object}, file_{std::move(file)}, prefix_{std::move(prefix)} {}

bool JsonReader::has(const std::string& key) const {
  const auto found = object_.find(key);
  return found != object_.end() && !found->is_null();
}

std::optional<std::int64_t> JsonReader::integer(const std::string& key, std::int64_t low, std::int64_t high) {
  if (!has(key)) return std::nullopt;
  const json& value = object_.at(key);
  const bool fits = value.is_number_integer() && value >= low && value <= high;
  if (!fits) {
    note(key, fmt::format("is {}", value.dump()), fmt::format("use a whole number from {} to {}", low, high));
    return std::nullopt;
  }
  return value.get<std::int64_t>();
}

std::optional<double> JsonReader::positive(const std::string& key) {
  if (!has(key)) return std::nullopt;
  const json& value = object_.at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>()) || value.get<double>() <= 0) {
    note(key, fmt::format("is {}", value.dump()), "use a number above 0");
    return std::nullopt;
  }
  return value.get<double>();
}

std::optional<bool> JsonReader::boolean(const std::string& key) {
  if (!has(key)) return std::nullopt;
  if (!object_.at(key).is_boolean()) {
    note(key, fmt::format("is {}", object_.at(key).dump()), "use true or false");
    return std::nullopt;
  }
  return object_.at(key).get<bool>();
}

std::optional<std::string> JsonReader::text(const std::string& key) {
  if (!has(key)) return std::nullopt;
  if (!object_.at(key).is_string()) {
    note(key, fmt::format("is {}", object_.at(key).dump()), "use a string");
    return std::nullopt;
  }
  return object_.at(key).get<std::string>();
}

void JsonReader::note(const std::string& key, std::string problem, std::string remedy) {
  mistakes_.push_back({.file = file_.string(),
                       .line = 0,
                       .key = prefix_ + key,
                       .problem = std::move(problem),
                       .remedy = std::move(remedy)});
}

void JsonReader::take(JsonReader& other) {
  std::move(other.mistakes_.begin(), other.mistakes_.end(), std::back_inserter(mistakes_));
  other.mistakes_.clear();
}

void JsonReader::throw_mistakes() const {
  if (!mistakes_.empty()) throw InputError{mistakes_};
}

}  // namespace edgefuse::llm
