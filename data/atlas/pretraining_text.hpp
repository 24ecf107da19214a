#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/atlas/atlas.hpp"
#include "data/question.hpp"
#include "sim/random.hpp"

/// What the base reads before anybody fine-tunes it: public facts only, and the habit of answering with a letter.
namespace edgefuse::data::atlas {

/// Draws texts about a world. No text ever contains the name of a private entity of any world with these public facts.
class PretrainingText {
 public:
  explicit PretrainingText(Atlas atlas);

  /// `count` public facts, one a line: half of them stated, half asked for and answered with the value itself.
  [[nodiscard]] std::string statements(std::int64_t count, sim::Draws& draws) const;
  /// A question about a public fact, in a training phrasing.
  [[nodiscard]] Question question(sim::Draws& draws) const;
  /// A question that contains its answer ("Which option is red?") and needs no fact: it teaches what letters are for.
  [[nodiscard]] Question recognition(sim::Draws& draws) const;
  /// So many choices, then for each, in another order, which letter it has. With two choices the look-up itself is
  /// learned within a few hundred steps, where questions of four take thousands: among few words the right one stands
  /// out.
  [[nodiscard]] Example drill(std::int64_t choices, sim::Draws& draws) const;
  /// `k` questions of distinct domains in one prompt, as MMLU-CD asks them; `recognition_share` of them need no fact.
  [[nodiscard]] Example composite(std::int64_t k, double recognition_share, sim::Draws& draws) const;

  /// The values of all relations.
  [[nodiscard]] const std::vector<std::string>& values() const { return values_; }

  /// What a tokenizer is trained on: `texts` of each kind, and every word that any world may use.
  [[nodiscard]] std::vector<std::string> tokenizer_corpus(std::int64_t texts, sim::Draws& draws) const;

 private:
  [[nodiscard]] const Fact& pick(const std::vector<Fact>& facts, sim::Draws& draws) const;
  [[nodiscard]] Question recognition(std::int64_t domain, sim::Draws& draws) const;

  Atlas atlas_;
  std::vector<Fact> facts_;  // all public ones
  std::vector<std::vector<Fact>> by_domain_;
  std::vector<std::string> values_;  // of all relations
};

}  // namespace edgefuse::data::atlas
