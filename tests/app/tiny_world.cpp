#include "tests/app/tiny_world.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

#include "app/command.hpp"
#include "llm/model.hpp"
#include "llm/tokenizer/bpe_trainer.hpp"
#include "tests/llm/small_model.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::app::testing {
namespace {

constexpr const char* scenario_text = R"(name = "tiny"
seed = 7

[base]
model = "{0}/model"

[data]
source = "instructions"
paths = ["{0}/north.json", "{0}/south.json"]
partitioner = "iid"
held_out = 0.2
max_tokens = 48

[fleet]
clients = 6
spread = 0.3

[[fleet.group]]
device = "raspberry-pi-5"
share = 0.5
memory = "1 MB"

[[fleet.group]]
device = "laptop"
share = 0.5
memory = "300 kB"

[pruning]
ratios = [0, 0.5]
protect_first = 1
protect_last = 0

[adapter]
rank = 2
alpha = 4

[training]
steps = 3
batch = 4
gang = 2

[protocol]
rounds = 2
clients_per_round = 4

[[fusion.arm]]
name = "fused"

[[fusion.arm]]
name = "fused+cr-sign"
conflict = "cr-sign"

[evaluation]
every = 1
held_out_loss = true

[output]
file = "{0}/tiny.h5"
)";

std::string instructions(const std::string& place) {
  std::string json;
  for (int i = 0; i < 30; ++i)
    json += fmt::format(R"({}{{"instruction": "Say {} of {}", "context": "", "response": "{} {}", "category": "{}"}})",
                        i == 0 ? "[" : ",\n", i, place, place, i * 7 % 10, place);
  return json + "]";
}

}  // namespace

TinyWorld::TinyWorld()
    : folder{edgefuse::testing::scratch_folder()}, model{folder / "model"}, scenario{folder / "tiny.toml"} {
  std::filesystem::create_directories(model);
  const std::vector<std::string> texts = {instructions("north"), instructions("south"), "### Instruction: Response:"};
  auto config = llm::testing::small_config();
  config.vocabulary = 300;
  llm::save_model(llm::testing::random_model(config), model, at::kFloat);
  write(model / "tokenizer.json", llm::train_bpe(texts, 290, std::vector<std::string>{"<s>"}));
  write(folder / "north.json", texts[0]);
  write(folder / "south.json", texts[1]);
  std::string text = scenario_text;
  for (auto at = text.find("{0}"); at != std::string::npos; at = text.find("{0}"))
    text.replace(at, 3, folder.string());
  write(scenario, text);
}

void TinyWorld::write(const std::filesystem::path& file, const std::string& text) const {
  std::ofstream{file, std::ios::binary} << text;
}

void TinyWorld::replace(const std::filesystem::path& file, const std::string& from, const std::string& to) const {
  auto text = text_of(file);
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << file << " has no \"" << from << "\"";
  write(file, text.replace(at, from.size(), to));
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

Outcome edgefuse(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_program(arguments, {out, err});
  return {code, out.str(), err.str()};
}

Recorded recorded(const TinyWorld& world, const std::vector<std::string>& overrides) {
  const auto file = (world.folder / "recorded.h5").string();
  std::vector<std::string> arguments = {"run", world.scenario.string(), "--out", file};
  for (const auto& override : overrides)
    arguments.insert(arguments.end(), {"--set", override});
  const auto outcome = edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return {results::read_result(file), outcome.err};
}

std::string digest_of(const TinyWorld& world, const std::vector<std::string>& overrides, const std::string& threads) {
  const auto file = (world.folder / ("threads-" + threads + ".h5")).string();
  std::vector<std::string> arguments = {"run", world.scenario.string(), "--out", file, "--threads", threads};
  for (const auto& one : overrides)
    arguments.insert(arguments.end(), {"--set", one});
  const auto outcome = edgefuse(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return results::read_result(file).digest;
}

std::string complaint(const TinyWorld& world, const std::vector<std::string>& overrides) {
  std::vector<std::string> arguments = {"check", world.scenario.string()};
  for (const auto& one : overrides)
    arguments.insert(arguments.end(), {"--set", one});
  const auto outcome = edgefuse(arguments);
  EXPECT_EQ(outcome.code, 2) << outcome.out;
  return outcome.err;
}

scenarios::Scenario scenario_of(const TinyWorld& world, const std::vector<std::string>& overrides) {
  return scenarios::load_scenario(world.scenario, overrides);
}

}  // namespace edgefuse::app::testing
