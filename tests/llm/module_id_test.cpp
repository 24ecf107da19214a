#include "llm/module_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace edgefuse::llm {
namespace {

TEST(ModuleId, NamesModulesAsTransformersDoes) {
  EXPECT_EQ((ModuleId{3, Projection::q}.name()), "model.layers.3.self_attn.q_proj");
  EXPECT_EQ((ModuleId{0, Projection::o}.name()), "model.layers.0.self_attn.o_proj");
  EXPECT_EQ((ModuleId{12, Projection::down}.name()), "model.layers.12.mlp.down_proj");
}

TEST(ModuleId, ReadsBackEveryNameItWrites) {
  for (const std::int32_t layer : {0, 7, 131}) {
    for (const Projection p : all_projections) {
      const ModuleId id{layer, p};
      EXPECT_EQ(ModuleId::parse(id.name()), id) << id.name();
    }
  }
}

TEST(ModuleId, RefusesNamesThatAreNotExactlyOneOfTheSevenProjections) {
  for (const std::string_view name :
       {"", "model.layers.", "model.layers.3", "model.layers.3.mlp.q_proj", "model.layers.3.self_attn.q",
        "model.layers.03.self_attn.q_proj", "model.layers.-1.self_attn.q_proj", "layers.3.self_attn.q_proj",
        "model.layers.3.self_attn.q_proj.weight", "model.layers.x.self_attn.q_proj", "lm_head",
        "model.layers.99999999999.mlp.up_proj", "model.layers.3..self_attn.q_proj"}) {
    EXPECT_EQ(ModuleId::parse(name), std::nullopt) << name;
  }
}

TEST(ModuleId, OrdersByLayerThenByTheOrderOfTheForwardPass) {
  std::vector<ModuleId> ids = {{1, Projection::q}, {0, Projection::down}, {0, Projection::v}, {0, Projection::gate}};
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, (std::vector<ModuleId>{
                     {0, Projection::v}, {0, Projection::gate}, {0, Projection::down}, {1, Projection::q}}));
}

TEST(Projection, IsFoundByItsShortAndItsFullName) {
  EXPECT_EQ(parse_projection("q"), Projection::q);
  EXPECT_EQ(parse_projection("gate_proj"), Projection::gate);
  EXPECT_EQ(parse_projection("down"), Projection::down);
  EXPECT_EQ(parse_projection("_proj"), std::nullopt);
  EXPECT_EQ(parse_projection("qkv"), std::nullopt);
}

}  // namespace
}  // namespace edgefuse::llm
