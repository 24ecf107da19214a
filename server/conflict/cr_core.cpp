#include "server/conflict/cr_core.hpp"

#include <ATen/ATen.h>

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "server/conflict/cr_sign.hpp"
#include "server/conflict/require_factors.hpp"
#include "server/fusion/core_space.hpp"
#include "server/fusion/linear_combination.hpp"

namespace edgefuse::server {
namespace {

/// What of an entry of a core may be the rounding of float32 factors, as a share of ‖B‖·‖A‖. It would vote, and
/// directions that a change does not have are full of it.
constexpr double negligible = 0x1p-23;

/// M_i in float32 without entries that are rounding.
std::vector<at::Tensor> clean_cores(const CoreSpace& space, const ModuleParts& parts) {
  std::vector<at::Tensor> cores;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& low = std::get<llm::LowRank>(parts[i].delta);
    const auto size = low.b.to(at::kDouble).norm() * low.a.to(at::kDouble).norm();
    const auto& core = space.cores[i];
    cores.push_back(at::where(core.abs() > negligible * size, core, at::zeros_like(core)).to(at::kFloat).contiguous());
  }
  return cores;
}

llm::LowRank in_float(const llm::LowRank& low) {
  return {.a = low.a.to(at::kFloat).contiguous(), .b = low.b.to(at::kFloat).contiguous()};
}

/// Those that take part, by their places in `parts`: somebody of weight 0 shares no space with the others, and who has
/// rank 0 has no directions.
std::vector<std::size_t> places_of_voters(const ModuleParts& parts) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i].weight != 0 && std::get<llm::LowRank>(parts[i].delta).a.size(0) > 0) places.push_back(i);
  return places;
}

class CrCore final : public ConflictResolver {
 public:
  explicit CrCore(const SignConflictOptions& options) : options_{options} {}

  [[nodiscard]] ModuleParts resolve(llm::ModuleId module, ModuleParts parts,
                                    const FusionSeed& /*seed*/) const override {
    if (parts.size() < 2 || options_.beta == 0) return parts;
    require_factors("cr-core", module, parts);
    const auto places = places_of_voters(parts);
    if (places.size() < 2) return parts;
    ModuleParts voters;
    for (const auto place : places)
      voters.push_back(parts[place]);

    const auto space = core_space(voters);
    const auto given = clean_cores(space, voters);
    std::vector<at::Tensor> cores;
    for (const auto& core : given)
      cores.push_back(core.clone());
    resolve_signs(cores, weights_of(voters), options_);
    for (std::size_t i = 0; i < places.size(); ++i)
      if (!at::equal(cores[i], given[i])) parts[places[i]].delta = in_float(lifted_factors(space, cores[i]));
    return parts;
  }
  [[nodiscard]] bool needs_low_rank() const override { return true; }
  [[nodiscard]] bool keeps_low_rank() const override { return true; }

 private:
  SignConflictOptions options_;
};

}  // namespace

Method<ConflictResolver> cr_core() {
  return {.name = "cr-core",
          .summary = "cr-sign on the small matrices that changes are in the space they share (2509.17786)",
          .parameters = sign_conflict_parameters(),
          .make = [](const Parameters& p) -> std::unique_ptr<ConflictResolver> {
            return std::make_unique<CrCore>(sign_conflict_options(p));
          }};
}

}  // namespace edgefuse::server
