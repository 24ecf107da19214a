#include "app/run/aggregators.hpp"

#include <algorithm>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::app {

void Aggregators::begin_round() {
  for (auto& cell : cells_) {
    EDGEFUSE_EXPECTS(cell.outstanding == 0, "a round of aggregators begins when the last has ended");
    cell = {.models = std::vector<CachedModel>(variants_)};
  }
}

Aggregators::Model Aggregators::join(std::uint32_t cell, std::size_t variant, std::uint32_t client) {
  ++cells_[cell].outstanding;
  auto& model = cells_[cell].models[variant];
  const auto found = model.state;
  if (found != Model::here) model.waiting.push_back(client);
  if (found == Model::absent) model.state = Model::coming;
  return found;
}

std::vector<std::uint32_t> Aggregators::model_came(std::uint32_t cell, std::size_t variant) {
  auto& model = cells_[cell].models[variant];
  model.state = Model::here;
  std::ranges::sort(model.waiting);
  return std::exchange(model.waiting, {});
}

void Aggregators::collect(std::uint32_t cell, std::uint32_t client, Bytes update) {
  --cells_[cell].outstanding;
  cells_[cell].updates.push_back(client);
  cells_[cell].bytes += update;
}

void Aggregators::lose(std::uint32_t cell, std::uint32_t client) {
  --cells_[cell].outstanding;
  for (auto& model : cells_[cell].models)
    std::erase(model.waiting, client);
}

bool Aggregators::complete(std::uint32_t cell) const {
  return cells_[cell].outstanding == 0 && !cells_[cell].updates.empty();
}

}  // namespace edgefuse::app
