#include "server/recovery/correction.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <variant>

#include <ATen/ATen.h>

#include "server/fusion/dense_parts.hpp"
#include "tests/server/variants.hpp"

namespace edgefuse::server {
namespace {

using testing::Sent;

constexpr double unlimited = std::numeric_limits<double>::max();

at::Tensor random_double(std::int64_t rows, std::int64_t columns, sim::Draws& draws) {
  return testing::random_tensor({rows, columns}, draws).to(at::kDouble);
}

/// A variant of a [17, 11] weight that keeps 13 rows and 9 columns, with every fourth entry zero.
CorrectionInput random_module(sim::Draws& draws, std::int64_t rank = 3) {
  CorrectionInput module{.base = random_double(17, 11, draws),
                         .variant = {},
                         .a = random_double(rank, 9, draws),
                         .b = random_double(13, rank, draws)};
  module.variant = module.base.narrow(0, 0, 13).narrow(1, 0, 9).clone();
  for (std::int64_t i = 0; i < 13; ++i)
    for (std::int64_t j = 0; j < 9; ++j)
      if (draws.below(4) == 0) module.variant[i][j] = 0;
  return module;
}

/// W_E in the base's shape.
at::Tensor filled(const CorrectionInput& module) {
  auto whole = at::zeros_like(module.base);
  whole.narrow(0, 0, module.variant.size(0)).narrow(1, 0, module.variant.size(1)).copy_(module.variant);
  return whole;
}

/// EMLoC's formulas as they are published, in its orientation: y = x·W, A [in, r], B [r, out], everything in the base's
/// shape, with the left singular vectors of A taken from the eigenvectors of A'·A.
at::Tensor emloc(const CorrectionInput& module, double limit) {
  const auto w = module.base.t();
  const auto w_e = filled(module).t();
  auto a = at::zeros({module.base.size(1), module.a.size(0)}, at::kDouble);
  a.narrow(0, 0, module.a.size(1)).copy_(module.a.t());
  auto b = at::zeros({module.b.size(1), module.base.size(0)}, at::kDouble);
  b.narrow(1, 0, module.b.size(0)).copy_(module.b.t());

  const auto [squares, v] = at::linalg_eigh(at::mm(a.t(), a));
  const auto s = squares.sqrt();
  const auto u = at::mm(a, v) / s;
  auto hat_b = at::mm(at::diag(s), at::mm(v.t(), b));
  const auto d = at::mm(u.t(), w - w_e);
  for (std::int64_t row = 0; row < d.size(0); ++row) {
    double of_d = 0;
    double of_b = 0;
    for (std::int64_t j = 0; j < d.size(1); ++j) {
      of_d += std::abs(d[row][j].item<double>());
      of_b += std::abs(hat_b[row][j].item<double>());
    }
    const double ratio = of_d / of_b;
    hat_b[row] -= d[row] * std::min(1.0, limit / ratio);
  }
  return at::mm(u, hat_b).t();
}

double largest(const at::Tensor& x) {
  return x.abs().max().item<double>();
}

TEST(Correction, AgreesWithThePublishedFormulas) {
  sim::Draws draws{{.seed = 111, .domain = sim::Domain::test}};
  int clipped = 0;
  for (int i = 0; i < 30; ++i) {
    const auto module = random_module(draws, 1 + i % 4);
    for (const double limit : {0.05, 0.5, 3.0}) {
      const auto got = dense_double(corrected(module, limit));
      const auto wanted = emloc(module, limit);
      ASSERT_LT(testing::distance(got, wanted), 1e-10) << "case " << i << ", limit " << limit;
      clipped += testing::distance(wanted, emloc(module, unlimited)) > 1e-6 ? 1 : 0;
    }
  }
  EXPECT_GT(clipped, 20) << "too few cases reach the limit";
  EXPECT_LT(clipped, 90) << "no case stays below the limit";
}

TEST(Correction, UnclippedTheBaseAnswersAsTheVariantDidInWhatTheAdapterReads) {
  sim::Draws draws{{.seed = 112, .domain = sim::Domain::test}};
  for (int i = 0; i < 10; ++i) {
    const auto module = random_module(draws);
    const auto fixed = corrected(module, unlimited);
    const auto trained =
        filled(module).narrow(1, 0, 9) + at::cat({at::mm(module.b, module.a), at::zeros({4, 9}, at::kDouble)});
    const auto now = (module.base + dense_double(fixed)).narrow(1, 0, 9);
    EXPECT_LT(testing::distance(at::mm(now, module.a.t()), at::mm(trained, module.a.t())), 1e-10);
  }
}

TEST(Correction, ReadsWhatTheAdapterReadBitForBit) {
  sim::Draws draws{{.seed = 113, .domain = sim::Domain::test}};
  const auto module = random_module(draws);
  const auto fixed = corrected(module, 3);
  EXPECT_FALSE(at::equal(fixed.b.narrow(0, 0, 13), module.b)) << "something is corrected";
  EXPECT_TRUE(at::equal(fixed.a.narrow(1, 0, 9), module.a));
  EXPECT_EQ(largest(fixed.a.narrow(1, 9, 2)), 0) << "columns that the variant lacked";
}

TEST(Correction, OfRowsOfAThatRepeatEachOtherIsThatOfOneOfThem) {
  sim::Draws draws{{.seed = 121, .domain = sim::Domain::test}};
  auto once = random_module(draws, 1);
  auto twice = once;
  twice.a = at::cat({once.a, once.a});
  twice.b = at::cat({once.b * 0.75, once.b * 0.25}, 1);
  for (const double limit : {0.5, unlimited})
    EXPECT_LT(testing::distance(dense_double(corrected(twice, limit)), dense_double(corrected(once, limit))), 1e-10)
        << "limit " << limit;
}

TEST(Correction, AColumnNeverMovesByMoreThanTheLimit) {
  sim::Draws draws{{.seed = 114, .domain = sim::Domain::test}};
  for (int i = 0; i < 20; ++i) {
    const auto module = random_module(draws);
    const double limit = 2 * draws.uniform();
    const auto [p, sigma, q] = at::linalg_svd(module.a, false);
    const auto before = at::mm(corrected(module, 0).b, p * sigma);
    const auto after = at::mm(corrected(module, limit).b, p * sigma);
    const auto moved = (after - before).abs().mean(0);
    const auto allowed = limit * before.abs().mean(0);
    EXPECT_TRUE((moved <= allowed + 1e-12).all().item<bool>()) << "moved\n" << moved << "\nallowed\n" << allowed;
  }
}

TEST(Correction, ALimitOfZeroIsTheSameChange) {
  sim::Draws draws{{.seed = 115, .domain = sim::Domain::test}};
  const auto module = random_module(draws);
  const auto plain = at::mm(module.b, module.a);
  const auto got = dense_double(corrected(module, 0));
  EXPECT_LT(testing::distance(got.narrow(0, 0, 13).narrow(1, 0, 9), plain), 1e-12);
  EXPECT_NEAR(got.norm().item<double>(), plain.norm().item<double>(), 1e-10);
}

TEST(Correction, AVariantThatIsTheBaseChangesNothingBitForBit) {
  sim::Draws draws{{.seed = 116, .domain = sim::Domain::test}};
  const auto config = testing::random_config(draws);
  const Sent sent{config, llm::full_shape(config), draws};
  EXPECT_TRUE(testing::same_bits(sent.recovered("correction"), llm::to_delta(sent.update.adapter)));
}

TEST(Correction, OfAStructuredVariantChangesOnlyRowsThatItLacked) {
  sim::Draws draws{{.seed = 117, .domain = sim::Domain::test}};
  for (int i = 0; i < 10; ++i) {
    const Sent sent{draws};
    const auto plain = sent.recovered("zero-fill");
    for (const auto& [id, delta] : sent.recovered("correction")) {
      const auto rows = sent.update.adapter.modules.at(id).b.size(0);
      const auto got = llm::dense(delta);
      const auto zero_filled = llm::dense(plain.at(id));
      EXPECT_LT(testing::distance(got.narrow(0, 0, rows), zero_filled.narrow(0, 0, rows)), 1e-4) << id.name();
      const bool reads_less = id.projection == llm::Projection::o || id.projection == llm::Projection::down;
      if (reads_less) {
        EXPECT_TRUE(at::equal(got, zero_filled)) << id.name();
      } else if (rows < got.size(0)) {
        EXPECT_GT(largest(got.narrow(0, rows, got.size(0) - rows)), 0) << id.name();
      }
    }
  }
}

TEST(Correction, AFreshAdapterStaysWithoutEffect) {
  sim::Draws draws{{.seed = 118, .domain = sim::Domain::test}};
  auto module = random_module(draws);
  module.b.zero_();
  EXPECT_LT(largest(dense_double(corrected(module, 3))), 1e-300);
  module = random_module(draws);
  module.a.zero_();
  EXPECT_LT(largest(dense_double(corrected(module, 3))), 1e-300);
}

TEST(Correction, ARankAboveTheVariantsWidthIsNoObstacle) {
  sim::Draws draws{{.seed = 119, .domain = sim::Domain::test}};
  CorrectionInput module{.base = random_double(7, 5, draws),
                         .variant = at::zeros({6, 1}, at::kDouble),
                         .a = random_double(4, 1, draws),
                         .b = random_double(6, 4, draws)};
  const auto fixed = corrected(module, unlimited);
  EXPECT_EQ(fixed.a.sizes(), (std::vector<std::int64_t>{4, 5}));
  const auto answers = at::mm(module.base + dense_double(fixed), at::eye(5, 1, at::kDouble)).narrow(0, 0, 6);
  EXPECT_LT(testing::distance(answers, at::mm(module.b, module.a)), 1e-12);
}

TEST(Correction, AnUpdateWithNanIsRefusedBeforeAnyDecomposition) {
  sim::Draws draws{{.seed = 120, .domain = sim::Domain::test}};
  Sent sent{draws};
  sent.update.adapter.modules.begin()->second.a[1][2] = std::numeric_limits<float>::quiet_NaN();
  const auto result = recoveries().make("correction")->recover(sent.update, sent.context());
  ASSERT_TRUE(std::holds_alternative<Refusal>(result));
  EXPECT_EQ(std::get<Refusal>(result).reason, Refusal::Reason::not_finite);
}

}  // namespace
}  // namespace edgefuse::server
