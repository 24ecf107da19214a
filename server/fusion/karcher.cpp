#include "server/fusion/karcher.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "server/fusion/gram.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

/// Unit vectors by their cosines, and vectors of their span, x = Σ x_i u_i, by coefficients.
class Directions {
 public:
  Directions(const Gram& products, std::span<const std::size_t> changing) {
    for (const auto i : changing) {
      auto& row = cosines_.emplace_back();
      for (const auto j : changing)
        row.push_back(i == j ? 1 : products.cosine(i, j));
    }
  }

  [[nodiscard]] std::size_t size() const { return cosines_.size(); }
  /// ⟨x, u_i⟩
  [[nodiscard]] double along(std::size_t i, std::span<const double> x) const {
    return std::inner_product(x.begin(), x.end(), cosines_[i].begin(), 0.0);
  }
  /// ‖x‖
  [[nodiscard]] double length(std::span<const double> x) const {
    double square = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      square += x[i] * along(i, x);
    return std::sqrt(std::max(square, 0.0));
  }

 private:
  std::vector<std::vector<double>> cosines_;
};

void scale(std::span<double> x, double factor) {
  for (auto& value : x)
    value *= factor;
}

std::vector<double> starting_point(const Directions& directions, double tolerance) {
  std::vector<double> mean(directions.size(), 1 / static_cast<double>(directions.size()));
  const double length = directions.length(mean);
  if (length >= tolerance) {
    scale(mean, 1 / length);
  } else {
    std::ranges::fill(mean, 0.0);
    mean.front() = 1;
  }
  return mean;
}

/// v at μ.
std::vector<double> step_from(std::span<const double> mu, const Directions& directions, double tolerance) {
  std::vector<double> step(mu.size(), 0.0);
  double along_mu = 0;
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double cosine = std::clamp(directions.along(i, mu), -1.0, 1.0);
    const double angle = std::acos(cosine);
    if (std::sin(angle) < tolerance) continue;
    const double share = angle / std::sin(angle) / static_cast<double>(mu.size());
    step[i] += share;
    along_mu += share * cosine;
  }
  for (std::size_t i = 0; i < mu.size(); ++i)
    step[i] -= along_mu * mu[i];
  return step;
}

struct KarcherSettings {
  double iterations;
  double tolerance;
};

std::vector<double> mean_direction(const Directions& directions, const KarcherSettings& settings) {
  auto mu = starting_point(directions, settings.tolerance);
  for (double done = 0; done < settings.iterations; ++done) {
    const auto step = step_from(mu, directions, settings.tolerance);
    const double length = directions.length(step);
    if (length < settings.tolerance) break;
    for (std::size_t i = 0; i < mu.size(); ++i)
      mu[i] = std::cos(length) * mu[i] + std::sin(length) / length * step[i];
    scale(mu, 1 / directions.length(mu));
  }
  return mu;
}

class KarcherMean final : public ModuleLocalRule {
 public:
  explicit KarcherMean(const KarcherSettings& settings) : settings_{settings} {}

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    const Gram products{parts};
    std::vector<std::size_t> changing;
    double length = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (products.norm(i) == 0) continue;
      changing.push_back(i);
      length += products.norm(i);
    }
    std::vector<double> coefficients(parts.size(), 0.0);
    if (!changing.empty()) {
      const auto mu = mean_direction(Directions{products, changing}, settings_);
      const double mean_length = length / static_cast<double>(changing.size());
      for (std::size_t i = 0; i < changing.size(); ++i)
        coefficients[changing[i]] = mean_length / products.norm(changing[i]) * mu[i];
    }
    return linear_combination(parts, coefficients);
  }

  KarcherSettings settings_;
};

}  // namespace

Method<FusionRule> karcher_rule() {
  return {.name = "karcher",
          .summary = "mean direction of the changes on the sphere, times their mean length",
          .parameters = {{.name = "iterations",
                          .standard = 10.0,
                          .meaning = "most steps towards the mean direction",
                          .least = 0,
                          .whole = true},
                         {.name = "tolerance",
                          .standard = 1e-5,
                          .meaning = "step, in radians, below which the mean direction is found",
                          .least = 1e-12,
                          .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<KarcherMean>(
                KarcherSettings{.iterations = number(p, "iterations"), .tolerance = number(p, "tolerance")});
          }};
}

}  // namespace edgefuse::server
