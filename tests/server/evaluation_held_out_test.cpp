#include <gtest/gtest.h>

#include <limits>

#include "llm/reference.hpp"
#include "server/evaluation/held_out.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::server {
namespace {

using llm::no_label;

const HeldOut texts = {.sequences = {{{1, 5, 9, 3, 7}, {1, 5, 9, 3, 7}},
                                     {{1, 8, 8}, {no_label, no_label, 8}},
                                     {{1, 4, 2, 16}, {no_label, no_label, no_label, no_label}},
                                     {{1, 11, 12, 13, 14, 15}, {no_label, no_label, 12, no_label, 14, 15}}},
                       .domains = {"sea", "art", "law", "sea"}};

/// Summed loss of one sequence, from the reference.
double nll(const llm::Model& model, std::size_t i) {
  const auto& sequence = texts.sequences[i];
  const auto logits = llm::reference_logits(model, nullptr, at::tensor(sequence.ids).unsqueeze(0));
  return llm::reference_loss(logits, at::tensor(sequence.labels).unsqueeze(0)).item<double>() *
         static_cast<double>(sequence.label_count());
}

TEST(HeldOutLoss, IsTheMeanOverLabelledTokens) {
  const auto model = llm::testing::random_model(llm::testing::small_config());
  const auto scores = score(model, texts);
  ASSERT_EQ(scores.size(), 3u) << "a domain without labels has no score";
  const auto expect = [&](std::size_t i, std::string_view domain, double value, std::int64_t n) {
    EXPECT_EQ(scores[i].metric, "loss");
    EXPECT_EQ(scores[i].domain, domain);
    EXPECT_NEAR(scores[i].value, value, 1e-5) << domain;
    EXPECT_EQ(scores[i].n, n) << domain;
    EXPECT_LE(scores[i].low, scores[i].value) << domain;
    EXPECT_GE(scores[i].high, scores[i].value) << domain;
  };
  expect(0, "all", (nll(model, 0) + nll(model, 1) + nll(model, 3)) / (4 + 1 + 3), 3);
  expect(1, "art", nll(model, 1), 1);
  expect(2, "sea", (nll(model, 0) + nll(model, 3)) / (4 + 3), 2);
}

TEST(HeldOutLoss, RefusesAModelWhoseOutputIsNotFinite) {
  auto model = llm::testing::random_model(llm::testing::small_config());
  model.final_norm = at::full({model.config.hidden}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THROW(static_cast<void>(score(model, texts)), RunError);
}

}  // namespace
}  // namespace edgefuse::server
