#include "server/recovery/indexed.hpp"

#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "llm/tensor_names.hpp"
#include "server/fusion/coverage.hpp"
#include "server/recovery/places.hpp"
#include "sim/error.hpp"

namespace edgefuse::server {
namespace {

at::Tensor scattered(const at::Tensor& factor, std::int64_t dim, const at::Tensor& index, std::int64_t size) {
  auto sizes = factor.sizes().vec();
  sizes[static_cast<std::size_t>(dim)] = size;
  return at::zeros(sizes, factor.options()).index_copy(dim, index, factor);
}

}  // namespace

llm::Adapter recover_adapter(const llm::Adapter& adapter, const llm::PruningRecord& record,
                             const llm::ModelConfig& base, const std::filesystem::path& origin) {
  llm::check_record_fits(record, base, origin);
  const auto coverage = coverage_of(record.layers, base);
  std::vector<Mistake> mistakes;
  llm::Adapter recovered = adapter;
  for (auto& [id, factors] : recovered.modules) {
    const auto [out, in] = llm::base_shape(base, id.projection);
    const auto [rows, columns] = covered(coverage, id);
    const auto of_rows = places(rows, out);
    const auto of_columns = places(columns, in);
    if (factors.b.size(0) != of_rows.numel() || factors.a.size(1) != of_columns.numel()) {
      mistakes.push_back({.file = origin.string(),
                          .key = id.name(),
                          .problem = fmt::format("is {} x {}, and pruning.json keeps {} x {}", factors.b.size(0),
                                                 factors.a.size(1), of_rows.numel(), of_columns.numel()),
                          .remedy = "put the pruning.json of the model it was trained on beside it"});
      continue;
    }
    factors.b = scattered(factors.b, 0, of_rows, out);
    factors.a = scattered(factors.a, 1, of_columns, in);
  }
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
  return recovered;
}

}  // namespace edgefuse::server
