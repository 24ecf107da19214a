#pragma once

#include <ATen/ATen.h>

#include <cctype>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "llm/model.hpp"
#include "llm/tokenizer.hpp"

namespace edgefuse::server::testing {

using Ids = std::vector<std::int64_t>;

/// Ids of the words that matter; every other piece of text is `unknown`.
namespace word {
inline constexpr std::int64_t bos = 0, unknown = 1, a = 2, b = 3, c = 4, d = 5, one = 6, two = 7, space = 8;
inline constexpr std::int64_t count = 9;
}  // namespace word

/// Pieces are a word with the space before it, or any other single byte; each has the ids of its spelling.
class WordTokenizer : public llm::Tokenizer {
 public:
  using Spelling = std::map<std::string, Ids, std::less<>>;

  explicit WordTokenizer(Spelling spelling) : spelling_{std::move(spelling)} {}

  [[nodiscard]] Ids encode(std::string_view text, Special special) const override {
    Ids ids;
    if (special == Special::add) ids = template_.before;
    while (!text.empty()) {
      std::size_t length = text[0] == ' ' ? 1 : 0;
      while (length < text.size() && std::isalnum(static_cast<unsigned char>(text[length])) != 0)
        ++length;
      length = std::max<std::size_t>(length, 1);
      const auto found = spelling_.find(text.substr(0, length));
      const auto spelled = found == spelling_.end() ? Ids{word::unknown} : found->second;
      ids.insert(ids.end(), spelled.begin(), spelled.end());
      text.remove_prefix(length);
    }
    return ids;
  }
  [[nodiscard]] std::string decode(const Ids&) const override { return {}; }
  [[nodiscard]] std::int64_t vocabulary() const override { return word::count; }
  [[nodiscard]] const Template& special_template() const override { return template_; }
  [[nodiscard]] std::optional<std::int64_t> token_id(std::string_view) const override { return std::nullopt; }

  Template template_{{word::bos}, {}};

 private:
  Spelling spelling_;
};

/// " A" to " D" are one token each.
inline WordTokenizer::Spelling whole_letters() {
  return {{" A", {word::a}},    {" B", {word::b}},     {" C", {word::c}},    {" D", {word::d}},
          {"one", {word::one}}, {" one", {word::one}}, {"two", {word::two}}, {" two", {word::two}}};
}
/// " A" to " D" are a space and a letter.
inline WordTokenizer::Spelling spaced_letters() {
  return {{" A", {word::space, word::a}}, {" B", {word::space, word::b}}, {" C", {word::space, word::c}},
          {" D", {word::space, word::d}}, {"one", {word::one}},           {" one", {word::one}},
          {"two", {word::two}},           {" two", {word::two}}};
}
/// " A" to " D" are two tokens each, and only both together tell them apart.
inline WordTokenizer::Spelling paired_letters() {
  return {
      {" A", {word::a, word::a}}, {" B", {word::a, word::b}}, {" C", {word::b, word::a}}, {" D", {word::b, word::b}}};
}

/// How much each occurrence of a token in the prompt speaks for each letter.
using Votes = std::map<std::int64_t, std::array<float, 4>>;

/// A model whose answer is a count: it says the letter (a token of word::a to word::d) with the most votes in its
/// context. Embeddings are one-hot; queries and keys are zero, so attention is the mean over the context; values are
/// the votes, the output projection puts them into four dimensions of their own, and the head reads those.
inline llm::Model voting_model(const Votes& votes) {
  constexpr std::int64_t vocabulary = word::count, hidden = vocabulary + 4, heads = 2, head_dim = 4, intermediate = 6;
  llm::Model model;
  auto& config = model.config;
  config.model_type = "llama";
  config.hidden = hidden;
  config.intermediate = intermediate;
  config.layers = 1;
  config.heads = heads;
  config.kv_heads = 1;
  config.head_dim = head_dim;
  config.vocabulary = vocabulary;
  config.max_positions = 2048;

  model.embedding = at::zeros({vocabulary, hidden});
  for (std::int64_t t = 0; t < vocabulary; ++t)
    model.embedding[t][t] = 1;
  model.final_norm = at::ones({hidden});
  model.head = at::zeros({vocabulary, hidden});
  llm::Layer layer;
  layer.input_norm = at::ones({hidden});
  layer.post_attn_norm = at::ones({hidden});
  layer.q.weight = at::zeros({heads * head_dim, hidden});
  layer.k.weight = at::zeros({head_dim, hidden});
  layer.v.weight = at::zeros({head_dim, hidden});
  layer.o.weight = at::zeros({hidden, heads * head_dim});
  layer.gate.weight = at::zeros({intermediate, hidden});
  layer.up.weight = at::zeros({intermediate, hidden});
  layer.down.weight = at::zeros({hidden, intermediate});
  for (std::int64_t letter = 0; letter < 4; ++letter) {
    for (const auto& [token, vote] : votes)
      layer.v.weight[letter][token] = vote[static_cast<std::size_t>(letter)];
    layer.o.weight[vocabulary + letter][letter] = 1;
    model.head[word::a + letter][vocabulary + letter] = 1;
  }
  model.layers.push_back(layer);
  return model;
}

/// "one" speaks for B, "two" louder for D, and every given answer loudest for the next letter: B calls for C, C for D,
/// D for A. So the second answer of a prompt shows whether the model saw its first.
inline llm::Model chaining_model() {
  return voting_model({{word::one, {0, 1, 0, 0}},
                       {word::two, {0, 0, 0, 5}},
                       {word::b, {0, 0, 1e3F, 0}},
                       {word::c, {0, 0, 0, 1e5F}},
                       {word::d, {1e3F, 0, 0, 0}}});
}

}  // namespace edgefuse::server::testing
