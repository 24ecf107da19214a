#pragma once

#include <cstdint>
#include <map>
#include <variant>
#include <vector>

#include "llm/config.hpp"
#include "llm/module_id.hpp"
#include "llm/pruning/record.hpp"
#include "llm/variant.hpp"

namespace edgefuse::server {

/// Which rows, or which columns, of a matrix somebody could train: every one unless told otherwise.
class Kept {
 public:
  Kept() = default;
  /// A prefix, as in the sorted base; count >= 0.
  [[nodiscard]] static Kept first(std::int64_t count) { return Kept{count}; }
  /// Ascending, each once, from 0.
  [[nodiscard]] static Kept only(std::vector<std::int64_t> indices);

  /// Whether nothing of `size` is left out.
  [[nodiscard]] bool all_of(std::int64_t size) const;
  /// 1 for each of `size` that is kept, else 0. That those kept exist is an invariant.
  [[nodiscard]] std::vector<double> indicator(std::int64_t size) const;

  /// What either keeps.
  friend Kept united(const Kept& x, const Kept& y);
  friend bool operator==(const Kept&, const Kept&) = default;

 private:
  struct Everything {
    friend bool operator==(const Everything&, const Everything&) = default;
  };
  using Indices = std::vector<std::int64_t>;

  explicit Kept(std::variant<Everything, std::int64_t, Indices> what) : what_{std::move(what)} {}
  [[nodiscard]] Indices indices() const;  // of what is not everything

  std::variant<Everything, std::int64_t, Indices> what_;
};

/// What a contribution covers of a module: entries in a kept row and a kept column. An entry of a masked variant that
/// is zero within them counts as covered: masks are not kept here.
struct ModuleCoverage {
  Kept rows{};
  Kept columns{};

  friend bool operator==(const ModuleCoverage&, const ModuleCoverage&) = default;
};

/// A module that is not in it is covered wholly, if the contribution has it at all.
using Coverage = std::map<llm::ModuleId, ModuleCoverage>;

/// What a variant of the sorted base covers: only modules that lack something.
[[nodiscard]] Coverage coverage_of(const llm::VariantShape& shape, const llm::ModelConfig& config);

/// What somebody covers who kept those groups and neurons of a base in its own order.
[[nodiscard]] Coverage coverage_of(const llm::KeptUnits& kept, const llm::ModelConfig& config);

/// One module's entry, or everything.
[[nodiscard]] ModuleCoverage covered(const Coverage& coverage, llm::ModuleId module);

/// Rows of either and columns of either: what both cover together when, as in nested variants, one lies in the other.
[[nodiscard]] ModuleCoverage united(const ModuleCoverage& x, const ModuleCoverage& y);

}  // namespace edgefuse::server
