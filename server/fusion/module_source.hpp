#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>

#include "llm/module_id.hpp"
#include "llm/variant.hpp"
#include "server/fusion/contribution.hpp"
#include "server/fusion/draws.hpp"

namespace edgefuse::server {

/// Mean loss of the base with a change on public texts.
using PublicLoss = std::function<double(const llm::ModelDelta&)>;

/// The changes to be fused, one module at a time: out of memory, out of files, or in another space.
struct ModuleSource {
  std::map<llm::ModuleId, llm::MatrixShape> shapes;  // every module that somebody changes
  std::size_t contributions = 0;
  double total_weight = 0;  // of all contributions, those without a module too
  FusionSeed seed{};
  std::function<ModuleParts(llm::ModuleId)> parts;  // by rising index, those that change the module
  PublicLoss public_loss{};                         // empty where there are no public texts
};

enum class WeightSigns : std::uint8_t { positive, any };

/// `contributions` by rising client id (one client's several in the order given), which must outlive the source.
/// Throws InputError for a weight that is not finite or of a sign that is not allowed, weights that are all zero,
/// numbers that are not finite, and modules whose shape differs between contributions; all of them at once.
[[nodiscard]] ModuleSource source_of(std::span<const Contribution> contributions, const FusionSeed& seed = {},
                                     WeightSigns signs = WeightSigns::positive);

/// The same with every part's statistics of that kind: parts that lack them throw InputError.
[[nodiscard]] ModuleSource revealing(ModuleSource source, Reveals what);

}  // namespace edgefuse::server
