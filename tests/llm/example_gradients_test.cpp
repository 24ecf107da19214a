#include <gtest/gtest.h>

#include <vector>

#include "llm/example_gradients.hpp"
#include "sim/error.hpp"
#include "tests/llm/engine_fixtures.hpp"

namespace edgefuse::llm {
namespace {

using testing::all_targets;
using testing::autograd_gradients;
using testing::random_adapter;
using testing::random_batch;
using testing::random_model;
using testing::relative_difference;
using testing::rich_config;
using testing::uneven_variant;

TEST(ExampleGradients, AreThoseOfAutogradForEveryExampleAlone) {
  const Model model = uneven_variant(random_model(rich_config(), 81, at::kDouble));
  const Adapter adapter = random_adapter(model, all_targets);
  Batch examples = random_batch(model.config, {9, 14, 5, 30}, 0.7, 1);
  for (Sequence& example : examples)
    example.labels.back() = example.ids.back();
  const auto found = example_gradients(model, adapter, examples, Precision::fp32);
  ASSERT_EQ(found.size(), 4);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto expected = autograd_gradients(model, adapter, {examples[i]});
    EXPECT_NEAR(found[i].loss, expected.loss, 1e-10 * expected.loss) << "example " << i;
    EXPECT_LT(relative_difference(found[i].gradient, expected.by_module), 1e-10) << "example " << i;
  }
}

TEST(ExampleGradients, NameTheExampleThatTeachesNothing) {
  const Model model = random_model(rich_config(), 82);
  Batch examples = random_batch(model.config, {9, 14}, 1, 1);
  examples[1].labels.assign(14, no_label);
  try {
    static_cast<void>(example_gradients(model, random_adapter(model, all_targets), examples, Precision::fp32));
    FAIL() << "an example without labels has no gradient";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("example 1: no position"), std::string::npos) << error.what();
  }
}

TEST(ExampleGradients, OfNothingAreNothing) {
  const Model model = random_model(rich_config(), 83);
  EXPECT_TRUE(example_gradients(model, random_adapter(model, all_targets), {}, Precision::fp32).empty());
}

}  // namespace
}  // namespace edgefuse::llm
