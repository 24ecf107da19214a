#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "app/train_command.hpp"
#include "llm/adapter.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

using edgefuse::testing::assets;
using nlohmann::json;

class TrainCommandTrajectory : public ::testing::TestWithParam<const char*> {};

TEST_P(TrainCommandTrajectory, IsPeftsFromFileToFile) {
  const std::string name = GetParam();
  EDGEFUSE_NEEDS_ASSET("oracles/lora-train-" + name + ".json");
  const std::string oracle = (assets() / "oracles" / ("lora-train-" + name)).string();
  const std::string out = edgefuse::testing::scratch_folder().string();
  std::ostringstream printed;
  std::ostringstream err;
  ASSERT_EQ(train_command(
                {"--model", (assets() / "data/models" / name).string(), "--init-adapter", oracle + "-init", "--batches",
                 oracle + "-batches.safetensors", "--lr", "1e-3", "--weight-decay", "0.01", "--out", out, "--json"},
                {printed, err}),
            0);

  std::ifstream stream{oracle + ".json"};
  const json numbers = json::parse(stream);
  const auto losses = json::parse(printed.str()).at("losses").get<std::vector<double>>();
  const auto expected = numbers.at("losses").get<std::vector<double>>();
  ASSERT_EQ(losses.size(), expected.size());
  for (std::size_t step = 0; step < losses.size(); ++step)
    EXPECT_NEAR(losses[step], expected[step], 1e-5) << "step " << step;

  const llm::Adapter ours = llm::load_adapter(out);
  const llm::Adapter theirs = llm::load_adapter(oracle + "-final");
  EXPECT_EQ(ours.spec.alpha, theirs.spec.alpha);
  ASSERT_EQ(ours.modules.size(), theirs.modules.size());
  double squares = 0;
  double count = 0;
  for (const auto& [id, factors] : theirs.modules) {
    const auto& own = ours.modules.at(id);
    squares += (own.a - factors.a).square().sum().item<double>() + (own.b - factors.b).square().sum().item<double>();
    count += static_cast<double>(factors.a.numel() + factors.b.numel());
  }
  EXPECT_LT(std::sqrt(squares / count), 5 * numbers.at("noise").at("rms_final").get<double>());
}

INSTANTIATE_TEST_SUITE_P(Of, TrainCommandTrajectory, ::testing::Values("stories260k", "tiny-gqa"),
                         [](const auto& chosen) {
                           return std::string{chosen.param} == "tiny-gqa" ? "tiny_gqa" : "stories260k";
                         });

}  // namespace
}  // namespace edgefuse::app
