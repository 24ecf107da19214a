#pragma once

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "llm/tokenizer.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {

using Ids = std::vector<std::int64_t>;
using Special = Tokenizer::Special;

/// A tokenizer.json with the tokens a = 0, b = 1, c = 2, ▁ = 3, "ab" = 4, "abc" = 5, "▁a" = 6, and no other part.
/// Tests change it where they want something special.
inline nlohmann::json small_tokenizer() {
  return nlohmann::json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
    "pre_tokenizer": null, "post_processor": null, "decoder": null,
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
              "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
              "vocab": {"a": 0, "b": 1, "c": 2, "▁": 3, "ab": 4, "abc": 5, "▁a": 6},
              "merges": ["a b", "ab c", "▁ a"]}})");
}

inline nlohmann::json added_token(std::int64_t id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

/// A new folder that holds `text` as tokenizer.json.
inline std::filesystem::path tokenizer_folder(const std::string& text) {
  const auto folder = testing::scratch_folder();
  std::ofstream{folder / "tokenizer.json", std::ios::binary} << text;
  return folder;
}

inline std::unique_ptr<Tokenizer> load(const nlohmann::json& file) {
  return load_tokenizer(tokenizer_folder(file.dump()));
}

inline Ids plain_ids(const nlohmann::json& file, const std::string& text) {
  return load(file)->encode(text, Special::leave_out);
}

}  // namespace edgefuse::llm
