#include "server/recovery/indexed.hpp"

#include <gtest/gtest.h>

#include <string>

#include <ATen/ATen.h>

#include "llm/pruning/prune.hpp"
#include "server/recovery/zero_fill.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"

namespace edgefuse::server {
namespace {

using llm::testing::random_model;
using llm::testing::small_config;

/// A variant in the base's order, its record, and an adapter on it.
class IndexedRecovery : public ::testing::Test {
 protected:
  llm::Model model = random_model(small_config());
  llm::PrunedBase pruned = llm::prune(model, *llm::pruners().make("random"), std::vector{0.5}, {}, {});
  llm::PruningRecord record = llm::pruning_record("random", model.config, pruned.order, pruned.shapes.front());
  llm::Adapter adapter = adapter_on(llm::in_base_order(pruned.variants.front(), pruned.order));

  static llm::Adapter adapter_on(const llm::Model& variant) {
    auto made = llm::make_adapter(
        variant, {.rank = 3, .alpha = 5, .targets = {llm::all_projections.begin(), llm::all_projections.end()}}, 7, 0);
    for (auto& [id, factors] : made.modules)
      factors.b = at::arange(factors.b.numel(), at::kFloat).reshape(factors.b.sizes()) + 1;
    return made;
  }
};

TEST_F(IndexedRecovery, PutsEveryRowAndColumnWhereItWasKept) {
  const auto recovered = recover_adapter(adapter, record, model.config, "a");
  for (const auto& [id, factors] : recovered.modules) {
    const auto delta = at::matmul(factors.b, factors.a);
    const auto& before = adapter.modules.at(id);
    const auto small = at::matmul(before.b, before.a);
    EXPECT_NEAR(delta.norm().item<double>(), small.norm().item<double>(), 1e-3 * small.norm().item<double>())
        << id.name();
    const auto& neurons = record.layers[static_cast<std::size_t>(id.layer)].neurons;
    const bool of_neurons = id.projection == llm::Projection::up || id.projection == llm::Projection::down;
    if (!of_neurons) continue;
    const auto dim = id.projection == llm::Projection::up ? 0 : 1;
    EXPECT_TRUE(at::equal(delta.index_select(dim, at::tensor(neurons)), small)) << id.name();
  }
}

/// The same change as recovering in importance order and undoing the order.
TEST_F(IndexedRecovery, IsZeroFillInTheBasesOwnOrder) {
  const auto sorted = adapter_on(pruned.variants.front());
  const auto by_order =
      llm::unsort(recover_adapter(sorted, pruned.shapes.front(), model.config), model.config, pruned.order);
  const auto indexed = recover_adapter(adapter, record, model.config, "a");
  for (const auto& [id, factors] : indexed.modules) {
    const auto rows_of = [](const at::Tensor& b) { return b.abs().sum(1).ne(0); };
    EXPECT_TRUE(at::equal(rows_of(factors.b), rows_of(by_order.modules.at(id).b))) << id.name();
  }
}

TEST_F(IndexedRecovery, WithWrongIndicesIsRefusedForEveryModuleTheyConcern) {
  record.layers[1].neurons.pop_back();
  try {
    (void)recover_adapter(adapter, record, model.config, "a");
    FAIL() << "factors of ten rows were put into nine";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes().size(), 3U) << error.what();
    EXPECT_NE(std::string{error.what()}.find("model.layers.1.mlp.gate_proj: is 10 x 12, and pruning.json keeps 9 x 12"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(IndexedRecovery, OfAnotherBaseIsRefused) {
  auto other = model.config;
  other.intermediate += 1;
  EXPECT_THROW((void)recover_adapter(adapter, record, other, "a"), InputError);
}

}  // namespace
}  // namespace edgefuse::server
