#include "llm/tokenizer/template.hpp"

#include <fmt/format.h>

namespace edgefuse::llm::tokenizing {
namespace {

std::vector<std::int64_t> special_ids(const JsonNode& processor, const JsonNode& special) {
  std::vector<std::int64_t> ids;
  for (const auto& id : processor.at("special_tokens").at(special.at("id").text()).at("ids").items())
    ids.push_back(id.integer());
  return ids;
}

Tokenizer::Template read_single(const JsonNode& processor) {
  Tokenizer::Template around;
  const auto single = processor.at("single");
  bool text_seen = false;
  for (const auto& part : single.items()) {
    if (const auto sequence = part.find("Sequence")) {
      if (text_seen || sequence->at("id").text() != "A") sequence->refuse("the text must come exactly once");
      text_seen = true;
    } else if (const auto special = part.find("SpecialToken")) {
      auto& side = text_seen ? around.after : around.before;
      const auto ids = special_ids(processor, *special);
      side.insert(side.end(), ids.begin(), ids.end());
    } else {
      part.refuse("unknown part of a template", "SpecialToken and Sequence are supported");
    }
  }
  if (!text_seen) single.refuse("the text must come exactly once");
  return around;
}

}  // namespace

Tokenizer::Template read_template(const JsonNode& node) {
  const auto type = node.at("type").text();
  if (type == "TemplateProcessing") return read_single(node);
  if (type == "ByteLevel") return {};
  if (type != "Sequence")
    node.refuse(fmt::format("post-processor \"{}\" is not supported", type),
                "supported: TemplateProcessing, ByteLevel, Sequence");
  Tokenizer::Template around;
  for (const auto& item : node.at("processors").items()) {
    const auto outer = read_template(item);
    around.before.insert(around.before.begin(), outer.before.begin(), outer.before.end());
    around.after.insert(around.after.end(), outer.after.begin(), outer.after.end());
  }
  return around;
}

}  // namespace edgefuse::llm::tokenizing
