#include "server/fusion/lego.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/fusion/dense_parts.hpp"
#include "server/fusion/row_signs.hpp"

namespace edgefuse::server {
namespace {

constexpr int most_iterations = 100;

/// The units of all parts as rows [a, b], those that are zero left out; float64, [units, in + out].
at::Tensor units_of(const ModuleParts& parts) {
  std::vector<at::Tensor> all;
  for (const auto& part : parts) {
    const auto& low = factors_of(part);
    const auto a = low.a.to(at::kDouble);
    const auto b = low.b.to(at::kDouble).t();
    const auto of_a = a.norm(2, 1, /*keepdim=*/true);
    const auto of_b = b.norm(2, 1, /*keepdim=*/true);
    const auto length = (of_a * of_b).sqrt();
    const auto sign = row_signs(a).unsqueeze(1);
    const auto unit = at::cat({sign * a * (length / of_a), sign * b * (length / of_b)}, 1);
    all.push_back(unit.index_select(0, length.squeeze(1).gt(0).nonzero().squeeze(1)));
  }
  return at::cat(all, 0);
}

/// Rows of `directions` far from each other, the first at `start`.
at::Tensor spread_centres(const at::Tensor& directions, std::int64_t start, std::int64_t count) {
  std::vector<at::Tensor> centres = {directions[start]};
  auto distance = (directions - centres.back()).square().sum(1);
  while (static_cast<std::int64_t>(centres.size()) < count) {
    centres.push_back(directions[distance.argmax().item<std::int64_t>()]);
    distance = at::minimum(distance, (directions - centres.back()).square().sum(1));
  }
  return at::stack(centres);
}

/// Of each row the centre that is nearest, the first of several. One centre's differences at a time are in memory.
at::Tensor nearest(const at::Tensor& directions, const at::Tensor& centres) {
  std::vector<at::Tensor> distances;
  for (std::int64_t k = 0; k < centres.size(0); ++k)
    distances.push_back((directions - centres[k]).square().sum(1));
  return at::stack(distances, 1).argmin(1);
}

/// Which cluster each row belongs to; Lloyd's iteration, a cluster that loses all its rows stays where it is.
at::Tensor clusters(const at::Tensor& directions, at::Tensor centres) {
  at::Tensor belongs;
  for (int i = 0; i < most_iterations; ++i) {
    const auto next = nearest(directions, centres);
    if (belongs.defined() && at::equal(next, belongs)) break;
    belongs = next;
    for (std::int64_t k = 0; k < centres.size(0); ++k) {
      const auto members = belongs.eq(k).nonzero().squeeze(1);
      if (members.numel() > 0) centres[k].copy_(directions.index_select(0, members).mean(0));
    }
  }
  return belongs;
}

/// The mean of `units`, as long as they are on average.
at::Tensor merged(const at::Tensor& units) {
  const auto mean = units.mean(0);
  const double length = mean.norm().item<double>();
  return length > 0 ? mean * (units.norm(2, 1).mean().item<double>() / length) : mean;
}

class Lego final : public ModuleLocalRule {
 public:
  explicit Lego(std::int64_t rank) : rank_{rank} {}
  [[nodiscard]] bool needs_low_rank() const override { return true; }

 private:
  [[nodiscard]] llm::ModuleDelta fuse_module(ModuleParts parts, const ModuleSource& /*all*/) const override {
    const auto shape = shape_of(parts.front().delta);
    std::int64_t largest = 0;
    for (const auto& part : parts)
      largest = std::max(largest, factors_of(part).a.size(0));
    const auto units = units_of(parts);
    const auto count = std::min(rank_ == 0 ? largest : rank_, units.size(0));
    if (count == 0) return llm::LowRank{.a = at::zeros({0, shape.in}), .b = at::zeros({shape.out, 0})};

    const auto lengths = units.norm(2, 1);
    const auto directions = units / lengths.unsqueeze(1);
    const auto belongs = clusters(directions, spread_centres(directions, lengths.argmax().item<std::int64_t>(), count));
    std::vector<at::Tensor> result;
    for (std::int64_t k = 0; k < count; ++k)
      if (const auto members = belongs.eq(k).nonzero().squeeze(1); members.numel() > 0)
        result.push_back(merged(units.index_select(0, members)));
    const auto rows = at::stack(result);
    const double output = std::sqrt(static_cast<double>(largest) / static_cast<double>(count));
    return llm::LowRank{.a = rows.narrow(1, 0, shape.in).to(at::kFloat).contiguous(),
                        .b = (output * rows.narrow(1, shape.in, shape.out).t()).to(at::kFloat).contiguous()};
  }

  std::int64_t rank_;
};

}  // namespace

Method<FusionRule> lego_rule() {
  return {.name = "lego",
          .summary = "rank-one units of all adapters, clustered (2409.16167)",
          .parameters = {{.name = "rank",
                          .standard = 0.0,
                          .meaning = "clusters, and so the rank of the result; 0 for the adapters' largest rank",
                          .least = 0,
                          .most = 65536,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<FusionRule> {
            return std::make_unique<Lego>(static_cast<std::int64_t>(number(p, "rank")));
          }};
}

}  // namespace edgefuse::server
