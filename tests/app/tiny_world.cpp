#include "tests/app/tiny_world.hpp"

#include <fstream>
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

Outcome edgefuse(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_program(arguments, {out, err});
  return {code, out.str(), err.str()};
}

}  // namespace edgefuse::app::testing
