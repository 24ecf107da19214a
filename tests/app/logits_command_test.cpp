#include "app/logits_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "llm/adapter.hpp"
#include "sim/error.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app {
namespace {

using edgefuse::testing::scratch_folder;
using nlohmann::json;

std::string saved_model() {
  const auto folder = scratch_folder();
  llm::save_model(llm::testing::random_model(llm::testing::small_config()), folder, at::kFloat);
  return folder.string();
}

std::string saved_adapter(std::int64_t neurons) {
  llm::ModelConfig config = llm::testing::small_config();
  config.intermediate = neurons;
  const llm::LoraSpec spec{.rank = 3, .alpha = 6, .rslora = false, .targets = {llm::Projection::up}};
  llm::Adapter adapter = llm::make_adapter(llm::testing::random_model(config), spec, 1, 0);
  for (auto& [id, factors] : adapter.modules)
    factors.b.fill_(0.5);
  const auto folder = scratch_folder();
  llm::save_adapter(adapter, folder);
  return folder.string();
}

std::string output_of(const Arguments& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(logits_command(arguments, {out, err}), 0);
  EXPECT_EQ(err.str(), "");
  return out.str();
}

json json_of(Arguments arguments) {
  arguments.emplace_back("--json");
  return json::parse(output_of(arguments));
}

std::string complaint(const Arguments& arguments) {
  try {
    (void)output_of(arguments);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(LogitsCommand, GivesTheLastPositionAndTheLikelihoodOfEveryTokenAfterTheFirst) {
  const auto model = saved_model();
  const json whole = json_of({"--model", model, "--tokens", "3,16,0,7"});
  ASSERT_EQ(whole.at("logits").size(), 17);
  ASSERT_EQ(whole.at("nll").size(), 3);
  // The likelihood of the third token is read off the logits after the first two.
  const json start = json_of({"--model", model, "--tokens", "3,16"});
  double sum = 0;
  for (const double logit : start.at("logits"))
    sum += std::exp(logit);
  EXPECT_NEAR(whole.at("nll")[1].get<double>(), std::log(sum) - start.at("logits")[0].get<double>(), 1e-5);
  EXPECT_EQ(json_of({"--model", model, "--tokens", "5"}).at("nll"), json::array());
}

TEST(LogitsCommand, PutsTheAdapterOnTheModel) {
  const auto model = saved_model();
  const json plain = json_of({"--model", model, "--tokens", "3,16"});
  const json adapted = json_of({"--model", model, "--tokens", "3,16", "--adapter", saved_adapter(20)});
  double largest = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    largest = std::max(largest, std::abs(plain.at("logits")[i].get<double>() - adapted.at("logits")[i].get<double>()));
  }
  EXPECT_GT(largest, 1e-3) << "the adapter changed nothing";
}

TEST(LogitsCommand, ShowsTheMostLikelyTokensToAReader) {
  const auto text = output_of({"--model", saved_model(), "--tokens", "3,16,2"});
  EXPECT_NE(text.find("most likely next tokens"), std::string::npos) << text;
  EXPECT_NE(text.find("of the 2 tokens after the first"), std::string::npos) << text;
}

TEST(LogitsCommand, RefusesWhatItCannotUse) {
  const auto model = saved_model();
  for (const char* tokens : {"", ",", "1,", "1,,2", "1;2", "1, 2", "-1", "1.5", "99999999999999999999"}) {
    EXPECT_NE(complaint({"--model", model, std::string{"--tokens="} + tokens}), "") << "accepted \"" << tokens << '"';
  }
  EXPECT_NE(complaint({"--model", model, "--tokens", "3,17"}).find("vocabulary"), std::string::npos);
  EXPECT_NE(complaint({"--model", model}).find("tokens"), std::string::npos);
  EXPECT_NE(complaint({"--model", "/nowhere", "--tokens", "1"}).find("config.json: is missing"), std::string::npos);
  EXPECT_NE(complaint({"--model", model, "--tokens", "1", "--adapter", saved_adapter(21)}).find("up_proj"),
            std::string::npos);
  std::string too_long = "1";
  for (int i = 0; i < 64; ++i)
    too_long += ",1";
  EXPECT_NE(complaint({"--model", model, "--tokens", too_long}), "") << "65 tokens for 64 positions";
}

}  // namespace
}  // namespace edgefuse::app
