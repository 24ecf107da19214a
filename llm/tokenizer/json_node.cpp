#include "llm/tokenizer/json_node.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "llm/tokenizer/utf8.hpp"
#include "sim/error.hpp"

namespace edgefuse::llm::tokenizing {
namespace {

std::string member_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string{name} : fmt::format("{}.{}", path, name);
}

}  // namespace

JsonNode JsonNode::at(std::string_view name) const {
  if (!value_->is_object()) refuse(fmt::format("expected an object, found {}", value_->type_name()));
  const auto found = value_->find(std::string{name});
  if (found == value_->end()) JsonNode{*value_, file_, member_path(path_, name)}.refuse("missing");
  return {*found, file_, member_path(path_, name)};
}

std::optional<JsonNode> JsonNode::find(std::string_view name) const {
  if (!value_->is_object()) refuse(fmt::format("expected an object, found {}", value_->type_name()));
  const auto found = value_->find(std::string{name});
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonNode{*found, file_, member_path(path_, name)};
}

std::vector<JsonNode> JsonNode::items() const {
  if (!value_->is_array()) refuse(fmt::format("expected a list, found {}", value_->type_name()));
  std::vector<JsonNode> nodes;
  for (std::size_t i = 0; i < value_->size(); ++i)
    nodes.emplace_back((*value_)[i], file_, fmt::format("{}[{}]", path_, i));
  return nodes;
}

std::string JsonNode::text() const {
  if (!value_->is_string()) refuse(fmt::format("expected a string, found {}", value_->type_name()));
  return value_->get<std::string>();
}

std::int64_t JsonNode::integer() const {
  if (!value_->is_number_integer()) refuse(fmt::format("expected an integer, found {}", value_->dump()));
  return value_->get<std::int64_t>();
}

bool JsonNode::boolean() const {
  if (!value_->is_boolean()) refuse(fmt::format("expected true or false, found {}", value_->dump()));
  return value_->get<bool>();
}

char32_t JsonNode::character() const {
  const auto string = text();
  std::size_t at = 0;
  const char32_t point = string.empty() ? 0 : next_code_point(string, at);
  if (string.empty() || at != string.size()) refuse(fmt::format("expected one character, found \"{}\"", string));
  return point;
}

bool JsonNode::flag(std::string_view name, bool fallback) const {
  const auto node = find(name);
  return node ? node->boolean() : fallback;
}

void JsonNode::refuse(std::string problem, std::string remedy) const {
  throw InputError{
      {.file = std::string{file_}, .key = path_, .problem = std::move(problem), .remedy = std::move(remedy)}};
}

}  // namespace edgefuse::llm::tokenizing
