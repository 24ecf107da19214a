#include "llm/text_statistics.hpp"

#include <gtest/gtest.h>

#include <vector>

#include <ATen/ATen.h>

#include "tests/llm/small_model.hpp"

namespace edgefuse::llm {
namespace {

const std::vector<Projection> some = {Projection::q, Projection::down};

TEST(TextStatistics, AreMeansOverTextsOfAnyLength) {
  const auto model = testing::random_model(testing::small_config(), 3, at::kDouble);
  const Calibration two{.texts = {{1, 5, 3, 8, 2}, {1, 9, 4}}};
  const Calibration first{.texts = {two.texts[0]}};
  const Calibration second{.texts = {two.texts[1]}};
  const auto expect = [&](const ModuleMatrices& all, const ModuleMatrices& a, const ModuleMatrices& b, double share) {
    ASSERT_EQ(all.size(), model.layers.size() * some.size());
    for (const auto& [id, matrix] : all) {
      const auto mean = share * a.at(id) + (1 - share) * b.at(id);
      EXPECT_LT((matrix - mean).abs().max().item<double>(), 1e-6 * mean.abs().max().item<double>()) << id.name();
    }
  };
  expect(loss_fishers(model, two, some), loss_fishers(model, first, some), loss_fishers(model, second, some), 0.5);
  expect(input_grams(model, two, some), input_grams(model, first, some), input_grams(model, second, some), 5.0 / 8);
}

}  // namespace
}  // namespace edgefuse::llm
