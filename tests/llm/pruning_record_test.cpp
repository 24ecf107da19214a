#include "llm/pruning/record.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <ATen/ATen.h>

#include "llm/pruning/prune.hpp"
#include "llm/reference.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using testing::random_model;
using testing::small_config;

PrunedBase pruned_by_lot(const Model& model, const Protection& protection = {}) {
  return prune(model, *pruners().make("random"), std::vector{0.5}, {.protection = protection}, {});
}

at::Tensor logits(const Model& model) {
  const auto ids = at::arange(24, at::kLong).reshape({3, 8}).remainder(model.config.vocabulary);
  return reference_logits(model, nullptr, ids);
}

TEST(PruningRecord, NamesInTheBasesNumberingWhatIsLeft) {
  const auto model = random_model(small_config(), 1, at::kDouble);
  const auto pruned = pruned_by_lot(model);
  const auto record = pruning_record("random", model.config, pruned.order, pruned.shapes.front());
  const auto variant = in_base_order(pruned.variants.front(), pruned.order);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const auto neurons = at::tensor(record.layers[l].neurons);
    EXPECT_TRUE(at::equal(variant.layers[l].gate.weight, model.layers[l].gate.weight.index_select(0, neurons)));
    EXPECT_TRUE(at::equal(variant.layers[l].down.weight, model.layers[l].down.weight.index_select(1, neurons)));
    ASSERT_EQ(record.layers[l].kv_heads.size(), 1);
    const auto group = record.layers[l].kv_heads.front();
    EXPECT_TRUE(at::equal(variant.layers[l].k.weight, model.layers[l].k.weight.narrow(0, 6 * group, 6)));
    EXPECT_TRUE(at::equal(variant.layers[l].o.weight, model.layers[l].o.weight.narrow(1, 12 * group, 12)));
  }
  EXPECT_LT((logits(variant) - logits(pruned.variants.front())).abs().max().item<double>(), 1e-10);
}

class PruningRecordFile : public ::testing::Test {
 protected:
  std::filesystem::path folder = edgefuse::testing::scratch_folder();

  void write(const std::string& text) const { std::ofstream{folder / pruning_record_name} << text; }
  [[nodiscard]] std::string refusal() const {
    try {
      (void)read_pruning_record(folder);
    } catch (const InputError& error) {
      return error.what();
    }
    return "nothing was refused";
  }
};

TEST_F(PruningRecordFile, IsReadAsItWasWritten) {
  const PruningRecord record{
      .method = "flap", .ratio = 0.3, .kv_heads = 4, .neurons = 9, .layers = {{{0, 3}, {1, 2, 8}}, {{2}, {0}}}};
  write_pruning_record(record, folder);
  const auto read = read_pruning_record(folder);
  EXPECT_EQ(read.method, "flap");
  EXPECT_EQ(read.ratio, 0.3);
  EXPECT_EQ(read.layers[0].kv_heads, record.layers[0].kv_heads);
  EXPECT_EQ(read.layers[1].neurons, record.layers[1].neurons);
}

TEST_F(PruningRecordFile, WithoutARatioIsRefused) {
  for (const char* ratio : {"", R"("ratio": "half",)", R"("ratio": 1,)", R"("ratio": -0.5,)", R"("ratio": null,)"}) {
    write(std::string{R"({"format": 1, "method": "flap", )"} + ratio +
          R"("base": {"kv_heads": 1, "neurons": 1}, "layers": [{"kv_heads": [0], "neurons": [0]}]})");
    EXPECT_NE(refusal().find("ratio: is no number in [0, 1)"), std::string::npos) << ratio << ": " << refusal();
  }
}

TEST_F(PruningRecordFile, WithWrongIndicesIsRefusedWithEachOfThem) {
  write(R"({"format": 1, "method": "x", "ratio": 0.5, "base": {"kv_heads": 2, "neurons": 5},
            "layers": [{"kv_heads": [0, 2], "neurons": [1, 1]}, {"kv_heads": [0], "neurons": "all"}]})");
  const auto said = refusal();
  EXPECT_NE(said.find("layers[0].kv_heads: holds 2, and the base has 0 to 1"), std::string::npos) << said;
  EXPECT_NE(said.find("layers[0].neurons: holds 1 after 1: they are to rise"), std::string::npos) << said;
  EXPECT_NE(said.find("layers[1].neurons: is no list of numbers"), std::string::npos) << said;
}

TEST_F(PruningRecordFile, OfAnotherBaseIsRefused) {
  PruningRecord record{.method = "x", .ratio = 0.5, .kv_heads = 2, .neurons = 19, .layers = {{}, {}}};
  EXPECT_THROW(check_record_fits(record, small_config(), "a"), InputError);
  record.neurons = 20;
  EXPECT_NO_THROW(check_record_fits(record, small_config(), "a"));
}

TEST_F(PruningRecordFile, OfAVariantWithUnevenLayersLoadsAsItWasSaved) {
  auto config = small_config();
  config.layers = 3;
  const auto model = random_model(config);
  const auto pruned = pruned_by_lot(model, {.first = 1});
  const auto variant = in_base_order(pruned.variants.front(), pruned.order);
  save_model(variant, folder, at::kFloat);
  const auto again = load_model(folder);
  EXPECT_TRUE(at::equal(logits(again), logits(variant)));
  EXPECT_EQ(again.kv_heads(0), 2);
  EXPECT_EQ(again.kv_heads(2), 1);
}

TEST_F(PruningRecordFile, ACompensatedVariantKeepsItsBiasesInTheFile) {
  auto variant = random_model(small_config());
  for (auto& layer : variant.layers)
    layer.o.bias = at::full({12}, 0.25), layer.down.bias = at::full({12}, -0.5);
  save_model(variant, folder, at::kFloat);
  const auto again = load_model(folder);
  EXPECT_TRUE(again.config.o_bias && again.config.mlp_bias);
  EXPECT_TRUE(at::equal(logits(again), logits(variant)));
}

}  // namespace
}  // namespace edgefuse::llm
