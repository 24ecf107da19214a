#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "app/exit_codes.hpp"
#include "tests/app/tiny_world.hpp"

// A world that runs, one thing of it spoiled: the program must say what, exit with 2, and leave nothing behind.

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;
using testing::TinyWorld;

struct BadInput {
  std::string name;
  std::function<void(const TinyWorld&)> spoil;
  std::vector<std::string> expected;        // what the message has in it
  std::vector<std::string> arguments = {};  // further ones of the command line
};

void PrintTo(const BadInput& bad, std::ostream* out) {
  *out << bad.name;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Replaces the first `from` in a file of the world.
void replace(const TinyWorld& world, const fs::path& file, const std::string& from, const std::string& to) {
  auto text = text_of(file);
  const auto at = text.find(from);
  ASSERT_NE(at, std::string::npos) << file << " has no \"" << from << "\" to spoil";
  world.write(file, text.replace(at, from.size(), to));
}

BadInput set(std::string name, std::string assignment, std::vector<std::string> expected) {
  return {std::move(name), [](const TinyWorld&) {}, std::move(expected), {"--set", std::move(assignment)}};
}
BadInput in_model(std::string name, const std::string& file, const std::string& from, const std::string& to,
                  std::vector<std::string> expected) {
  return {std::move(name), [=](const TinyWorld& w) { replace(w, w.model / file, from, to); }, std::move(expected)};
}
BadInput without(std::string name, const std::string& file, std::vector<std::string> expected) {
  return {std::move(name), [=](const TinyWorld& w) { fs::remove_all(w.folder / file); }, std::move(expected)};
}
BadInput written(std::string name, const std::string& file, const std::string& text,
                 std::vector<std::string> expected) {
  return {std::move(name), [=](const TinyWorld& w) { w.write(w.folder / file, text); }, std::move(expected)};
}
BadInput with(std::string name, std::vector<std::string> arguments, std::vector<std::string> expected) {
  return {std::move(name), [](const TinyWorld&) {}, std::move(expected), std::move(arguments)};
}

void shorten(const fs::path& file, std::uintmax_t by) {
  fs::resize_file(file, fs::file_size(file) - by);
}

std::vector<BadInput> bad_models() {
  return {
      without("no_model_folder", "model", {"base.model: there is no folder", "/model"}),
      without("no_config", "model/config.json", {"config.json"}),
      without("no_weights", "model/model.safetensors", {"model.safetensors"}),
      without("no_tokenizer", "model/tokenizer.json", {"tokenizer"}),
      {"truncated_weights",
       [](const TinyWorld& w) { shorten(w.model / "model.safetensors", 64); },
       {"model.safetensors"}},
      {"weights_cut_in_their_header",
       [](const TinyWorld& w) { fs::resize_file(w.model / "model.safetensors", 100); },
       {"model.safetensors"}},
      {"empty_weights",
       [](const TinyWorld& w) { fs::resize_file(w.model / "model.safetensors", 0); },
       {"model.safetensors"}},
      in_model("weights_of_other_shapes", "config.json", "\"hidden_size\": 12", "\"hidden_size\": 16", {"shape"}),
      in_model("weights_of_fewer_layers", "config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
               {"layers.2"}),
      in_model("weights_of_a_type_nobody_knows", "model.safetensors", "\"F32\"", "\"Q17\"", {"Q17"}),
      in_model("unknown_architecture", "config.json", "\"llama\"", "\"mamba\"", {"mamba"}),
      in_model("heads_that_no_group_divides", "config.json", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
               {"num_key_value_heads"}),
      in_model("negative_width", "config.json", "\"intermediate_size\": 20", "\"intermediate_size\": -20",
               {"intermediate_size"}),
      in_model("width_as_text", "config.json", "\"intermediate_size\": 20", "\"intermediate_size\": \"20\"",
               {"intermediate_size"}),
      written("config_is_no_json", "model/config.json", "{ not json", {"config.json"}),
      written("config_is_a_list", "model/config.json", "[]", {"config.json"}),
      written("tokenizer_is_no_json", "model/tokenizer.json", "{ not json", {"tokenizer.json"}),
      written("tokenizer_of_an_unknown_kind", "model/tokenizer.json", R"({"model": {"type": "WordLevel"}})",
              {"tokenizer.json", "WordLevel"}),
      in_model("tokenizer_of_a_larger_vocabulary", "config.json", "\"vocab_size\": 300", "\"vocab_size\": 200",
               {"tokenizer", "200"}),
  };
}

std::vector<BadInput> bad_data() {
  return {
      without("no_data_file", "north.json", {"north.json"}),
      written("empty_data_file", "north.json", "", {"north.json"}),
      written("data_is_no_json", "north.json", "Say hello", {"north.json"}),
      written("data_without_an_example", "north.json", "[]", {"north.json"}),
      written("example_without_its_answer", "north.json", R"([{"instruction": "Say"}])", {"north.json", "response"}),
      written("example_that_is_a_number", "south.json", "[1, 2]", {"south.json"}),
      set("more_clients_than_examples", "fleet.clients=4000", {"data.partitioner: 4000 clients cannot share"}),
      set("natural_clients_that_miss_the_files", "data.partitioner=natural", {"natural"}),
      set("questions_of_instructions", "evaluation.questions=5", {"evaluation.questions"}),
      set("mmlu_in_a_folder_without_it", "data.source=mmlu", {"data."}),
  };
}

std::vector<BadInput> bad_choices() {
  return {
      set("unknown_device", "fleet.group[0].device=raspbery-pi-5", {"fleet.group[0].device", "raspberry-pi-5"}),
      set("unknown_rule", "fusion.arm[0].rule=means", {"fusion.arm[0].rule", "mean"}),
      set("unknown_conflict", "fusion.arm[1].conflict=cr-sing", {"fusion.arm[1].conflict", "cr-sign"}),
      set("unknown_pruner", "pruning.method=magnitud", {"pruning.method", "magnitude"}),
      set("unknown_policy", "pruning.policy=fit-memry", {"pruning.policy", "fit-memory"}),
      set("unknown_partitioner", "data.partitioner=idd", {"data.partitioner", "iid"}),
      set("unknown_selection", "selection.method=unifrom", {"selection.method", "uniform"}),
      set("unknown_protocol", "protocol.kind=synchronos", {"protocol.kind", "synchronous"}),
      set("rule_and_conflict_that_do_not_go_together", "fusion.arm[1].rule=stack", {"low-rank"}),
      set("unknown_parameter_of_a_rule", "fusion.arm[0].settings.lambda=0.3", {"fusion.arm[0].settings.lambda"}),
      set("parameter_out_of_range", "fusion.arm[1].conflict_settings.beta=2", {"fusion.arm[1].conflict_settings.beta"}),
      set("parameter_of_another_type", "fusion.arm[1].conflict_settings.rescale=0.5",
          {"fusion.arm[1].conflict_settings.rescale"}),
      set("every_layer_protected", "pruning.protect_last=1", {"pruning.ratios", "protect"}),
      {"no_variant_fits_anybody",
       [](const TinyWorld& w) {
         replace(w, w.scenario, "\"1 MB\"", "\"1 kB\"");
         replace(w, w.scenario, "\"300 kB\"", "\"1 kB\"");
       },
       {"fleet", "no variant fits any client"}},
  };
}

std::vector<BadInput> bad_command_lines() {
  return {
      with("no_threads", {"--threads", "0"}, {"--threads"}),
      with("threads_in_words", {"--threads", "two"}, {"threads"}),
      with("unknown_option", {"--thread", "2"}, {"--thread"}),
      with("two_scenarios", {"another.toml"}, {"too many arguments"}),
      with("output_below_a_file", {"--out", "/dev/null/result.h5"}, {"/dev/null"}),
      with("output_is_a_folder", {"--out", "/tmp"}, {"/tmp"}),
      without("no_scenario", "tiny.toml", {"tiny.toml"}),
  };
}

std::vector<BadInput> all_bad() {
  std::vector<BadInput> all;
  for (auto list : {bad_models(), bad_data(), bad_choices(), bad_command_lines()})
    std::ranges::move(list, std::back_inserter(all));
  return all;
}

class BadRunInput : public ::testing::TestWithParam<BadInput> {};

TEST_P(BadRunInput, IsNamedAndLeavesNothingBehind) {
  const auto& bad = GetParam();
  const TinyWorld world;
  bad.spoil(world);
  std::vector<std::string> arguments = {"run", world.scenario.string()};
  arguments.insert(arguments.end(), bad.arguments.begin(), bad.arguments.end());
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, exit_wrong_input) << outcome.err;
  for (const auto& part : bad.expected)
    EXPECT_NE(outcome.err.find(part), std::string::npos) << "\"" << part << "\" is not in: " << outcome.err;
  EXPECT_EQ(outcome.out, "");
  for (const auto& entry : fs::directory_iterator{world.folder})
    EXPECT_NE(entry.path().extension(), ".h5") << entry.path() << " was left behind";
}

INSTANTIATE_TEST_SUITE_P(All, BadRunInput, ::testing::ValuesIn(all_bad()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace edgefuse::app
