#include "server/optimiser/control_variate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "sim/random.hpp"

namespace edgefuse::server {
namespace {

const llm::ModuleId module_v{.layer = 0, .projection = llm::Projection::v};

/// A client's c_i in a base of 5 rows and 4 columns with 3 ranks, of which it has the first of each.
HeldGradient held(std::int64_t rows, std::int64_t columns, std::int64_t ranks, std::uint32_t stream) {
  sim::Draws draws{{.seed = 6, .domain = sim::Domain::test, .round = stream}};
  llm::LoraFactors gradient{.a = at::zeros({3, 4}), .b = at::zeros({5, 3})};
  llm::LoraFactors holds{.a = at::zeros({3, 4}), .b = at::zeros({5, 3})};
  for (std::int64_t k = 0; k < ranks; ++k) {
    for (std::int64_t j = 0; j < columns; ++j) {
      gradient.a[k][j] = draws.normal();
      holds.a[k][j] = 1;
    }
    for (std::int64_t i = 0; i < rows; ++i) {
      gradient.b[i][k] = draws.normal();
      holds.b[i][k] = 1;
    }
  }
  return {.gradient = {{module_v, gradient}}, .holds = {{module_v, holds}}};
}

struct Client {
  double weight = 1;
  HeldGradient share;
};

/// Σ w c / (fleet - Σ w of known clients without it), entry by entry.
void expect_mean(const llm::FactorGradient& found, const std::vector<Client>& known, double fleet) {
  for (const bool of_a : {true, false}) {
    const auto factor = [&](const llm::FactorGradient& gradient) {
      return of_a ? gradient.at(module_v).a : gradient.at(module_v).b;
    };
    const auto c = factor(found);
    for (std::int64_t i = 0; i < c.size(0); ++i) {
      for (std::int64_t j = 0; j < c.size(1); ++j) {
        double sum = 0;
        double holders = fleet;
        for (const auto& [weight, share] : known) {
          sum += weight * factor(share.gradient)[i][j].item<double>();
          if (factor(share.holds)[i][j].item<double>() == 0) holders -= weight;
        }
        const double expected = holders > 0 ? sum / holders : 0;
        EXPECT_NEAR(c[i][j].item<double>(), expected, 1e-7 * std::abs(expected))
            << (of_a ? "A" : "B") << " at " << i << ", " << j;
      }
    }
  }
}

TEST(ControlVariate, IsNothingBeforeAnybodyTookPart) {
  EXPECT_TRUE(ControlVariate{5}.mean().empty());
}

TEST(ControlVariate, OfClientsThatHoldAllIsTheMeanOverTheFleetAsInThePaper) {
  ControlVariate c{7};  // seven clients of weight 1, of which two ever take part
  const std::vector<Client> known = {{1, held(5, 4, 3, 1)}, {1, held(5, 4, 3, 2)}};
  for (const auto& [weight, share] : known)
    c.add(weight, share);
  expect_mean(c.mean(), known, 7);
  const auto before = c.mean().at(module_v).b;
  const auto renewed = held(5, 4, 3, 3);
  c.replace(1, known[0].share, renewed);
  const auto step = (renewed.gradient.at(module_v).b - known[0].share.gradient.at(module_v).b) / 7;
  EXPECT_LT((c.mean().at(module_v).b - before - step).abs().max().item<double>(), 1e-6) << "c + (1/N)·(c_i⁺ - c_i)";
}

TEST(ControlVariate, IsOverThoseWhoMayHoldAnEntry) {
  ControlVariate c{20};
  std::vector<Client> known = {{4, held(3, 4, 3, 1)}, {5, held(5, 2, 2, 2)}, {3, held(3, 2, 2, 3)}};
  for (const auto& [weight, share] : known)
    c.add(weight, share);
  expect_mean(c.mean(), known, 20);
  const auto wider = held(5, 4, 1, 4);
  c.replace(4, known[0].share, wider);
  known[0].share = wider;
  expect_mean(c.mean(), known, 20);
}

TEST(ControlVariate, IsZeroWhereNobodyOfTheFleetHoldsAnything) {
  ControlVariate c{9};
  const std::vector<Client> known = {{4, held(3, 4, 2, 1)}, {5, held(4, 2, 2, 2)}};
  for (const auto& [weight, share] : known)
    c.add(weight, share);
  expect_mean(c.mean(), known, 9);
  EXPECT_EQ(c.mean().at(module_v).a[2].abs().max().item<double>(), 0) << "the third rank";
}

TEST(ControlVariate, OfClientsThatAgreeIsWhatTheySayBitForBit) {
  ControlVariate c{14};
  const auto share = held(4, 3, 2, 1);
  for (const double weight : {3.0, 4.0, 7.0})
    c.add(weight, share);
  EXPECT_TRUE(at::equal(c.mean().at(module_v).a, share.gradient.at(module_v).a));
  EXPECT_TRUE(at::equal(c.mean().at(module_v).b, share.gradient.at(module_v).b));
}

}  // namespace
}  // namespace edgefuse::server
