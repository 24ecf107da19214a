#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/exit_codes.hpp"
#include "tests/app/tiny_world.hpp"

// A world that runs, one thing of it spoiled: the program must say what, exit with 2, and leave nothing behind.

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;
using testing::TinyWorld;

/// A line of the scenario that a message has to name, and how the message goes on behind "file:line: ".
struct Blame {
  std::string line;
  std::string message;
};

struct BadInput {
  std::string name;
  std::function<void(const TinyWorld&)> spoil;
  std::vector<std::string> expected = {};   // what the message has in it
  std::vector<Blame> blamed = {};           // the scenario's lines that it names
  std::vector<std::string> arguments = {};  // further ones of the command line
};

void PrintTo(const BadInput& bad, std::ostream* out) {
  *out << bad.name;
}

/// Every assignment is an override, which has no line.
BadInput set(std::string name, const std::string& assignment, const std::string& message) {
  return {.name = std::move(name),
          .spoil = [](const TinyWorld&) {},
          .expected = {"--set: " + message},
          .arguments = {"--set", assignment}};
}
/// `from` in the scenario becomes `to`; the message names the line that holds `blamed`.
BadInput changed(std::string name, const std::string& from, const std::string& to, const std::string& blamed,
                 const std::string& message) {
  return {.name = std::move(name),
          .spoil = [=](const TinyWorld& w) { w.replace(w.scenario, from, to); },
          .blamed = {{blamed, message}}};
}
BadInput in_model(std::string name, const std::string& file, const std::string& from, const std::string& to,
                  std::vector<std::string> expected) {
  return {.name = std::move(name),
          .spoil = [=](const TinyWorld& w) { w.replace(w.model / file, from, to); },
          .expected = std::move(expected)};
}
BadInput without(std::string name, const std::string& file, std::vector<std::string> expected) {
  return {.name = std::move(name),
          .spoil = [=](const TinyWorld& w) { fs::remove_all(w.folder / file); },
          .expected = std::move(expected)};
}
BadInput written(std::string name, const std::string& file, const std::string& text,
                 std::vector<std::string> expected) {
  return {.name = std::move(name),
          .spoil = [=](const TinyWorld& w) { w.write(w.folder / file, text); },
          .expected = std::move(expected)};
}
BadInput with(std::string name, std::vector<std::string> arguments, std::vector<std::string> expected) {
  return {.name = std::move(name),
          .spoil = [](const TinyWorld&) {},
          .expected = std::move(expected),
          .arguments = std::move(arguments)};
}

void shorten(const fs::path& file, std::uintmax_t by) {
  fs::resize_file(file, fs::file_size(file) - by);
}

/// Mistakes that only who loads the weights can see.
std::vector<BadInput> bad_weights() {
  return {
      without("no_weights", "model/model.safetensors", {"model.safetensors"}),
      {.name = "truncated_weights",
       .spoil = [](const TinyWorld& w) { shorten(w.model / "model.safetensors", 64); },
       .expected = {"model.safetensors"}},
      {.name = "weights_cut_in_their_header",
       .spoil = [](const TinyWorld& w) { fs::resize_file(w.model / "model.safetensors", 100); },
       .expected = {"model.safetensors"}},
      {.name = "empty_weights",
       .spoil = [](const TinyWorld& w) { fs::resize_file(w.model / "model.safetensors", 0); },
       .expected = {"model.safetensors"}},
      in_model("weights_of_other_shapes", "config.json", "\"hidden_size\": 12", "\"hidden_size\": 16", {"shape"}),
      in_model("weights_of_fewer_layers", "config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
               {"layers.2"}),
      in_model("weights_of_a_type_nobody_knows", "model.safetensors", "\"F32\"", "\"Q17\"", {"Q17"}),
  };
}

std::vector<BadInput> bad_models() {
  auto no_model = without("no_model_folder", "model", {});
  no_model.blamed = {{"model = ", "base.model: there is no folder "}};
  return {
      no_model,
      without("no_config", "model/config.json", {"config.json"}),
      without("no_tokenizer", "model/tokenizer.json", {"tokenizer"}),
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

/// The world asks questions of atlas, whose prompts the tiny model is too short for.
void with_atlas(const TinyWorld& world, const std::string& questions) {
  world.replace(world.scenario, "source = \"instructions\"\npaths", "source = \"atlas\"\n#");
  world.replace(world.scenario, "held_out_loss = true", questions);
}

void with_one_subject_of_mmlu(const TinyWorld& world) {
  for (const std::string split : {"dev", "val", "test"}) {
    fs::create_directories(world.folder / "mmlu" / split);
    world.write(world.folder / "mmlu" / split / ("music_" + split + ".csv"), "Which?,a,b,c,d,A\nWhat?,a,b,c,d,B\n");
  }
  world.replace(world.scenario, "source = \"instructions\"\npaths",
                "source = \"mmlu\"\nlevel = \"subject\"\npaths = [\"" + (world.folder / "mmlu").string() + "\"]\n#");
  world.replace(world.scenario, "held_out_loss = true", "composites = 4\ncomposite_size = 3");
}

std::vector<BadInput> bad_data() {
  auto no_file = without("no_data_file", "north.json", {"north.json"});
  no_file.blamed = {{"paths = ", "data.paths: "}};
  return {
      no_file,
      written("empty_data_file", "north.json", "", {"north.json"}),
      written("data_is_no_json", "north.json", "Say hello", {"north.json:1: invalid JSON"}),
      written("data_with_a_number_that_no_double_holds", "north.json",
              "[{\"instruction\": \"Say\",\n \"response\": 1e999}]", {"north.json:2: invalid JSON: number overflow"}),
      written("data_without_an_example", "north.json", "[]", {"north.json"}),
      written("example_without_its_answer", "north.json", R"([{"instruction": "Say"}])", {"north.json:1: response"}),
      written("example_that_is_a_number", "south.json", "[1, 2]", {"south.json:1: "}),
      changed("more_clients_than_examples", "clients = 6", "clients = 4000",
              "partitioner = ", "data.partitioner: 4000 clients cannot share 48 examples"),
      changed("natural_clients_that_miss_the_files", "\"iid\"", "\"natural\"",
              "partitioner = ", "data.partitioner: 6 clients, but the data has 2 natural sources"),
      changed("questions_of_instructions", "every = 1", "every = 1\nquestions = 5", "questions = 5",
              "evaluation.questions: source \"instructions\" has no questions"),
      changed("mmlu_of_two_folders", "\"instructions\"", "\"mmlu\"",
              "paths = ", "data.paths: source \"mmlu\" reads exactly one folder"),
      {.name = "world_with_more_names_than_there_are",
       .spoil =
           [](const TinyWorld& w) {
             with_atlas(w, "");
             w.replace(w.scenario, "source = \"atlas\"",
                       "source = \"atlas\"\natlas = { domains = 12, public_entities = 64, private_entities = 64 }");
           },
       .blamed = {{"atlas = {", "data.atlas.private_entities: there are 1024 names only"}}},
      {.name = "more_speakers_asked_for_than_speak",
       .spoil =
           [](const TinyWorld& w) {
             w.write(w.folder / "north.json", "ANN:\nGood morning.\n\nBEN:\nGood night.\n");
             w.replace(w.scenario, "source = \"instructions\"\npaths",
                       "source = \"text\"\ntext_unit = \"speaker\"\npaths = [\"" + (w.folder / "north.json").string() +
                           "\"]\n#");
             w.replace(w.scenario, "\"iid\"", "\"natural\"");
           },
       .blamed = {{"clients = 6", "fleet.clients: 6 domains asked for, but the data has 2"}}},
      {.name = "nothing_that_could_be_held_out",
       .spoil =
           [](const TinyWorld& w) {
             std::string rows;
             for (int i = 0; i < 6; ++i)
               rows += fmt::format(R"({{"instruction": "Say", "response": "hello", "category": "{}"}})", i) + "\n";
             w.write(w.folder / "north.json", rows);
             w.replace(w.scenario, ", \"" + (w.folder / "south.json").string() + "\"", "");
           },
       .blamed = {{"held_out_loss", "evaluation.held_out_loss: 0 examples are held out, and none leaves anything"}}},
      {.name = "more_domains_in_a_prompt_than_the_data_has",
       .spoil = with_one_subject_of_mmlu,
       .blamed = {{"composite_size = 3", "evaluation.composite_size: 3 questions of distinct domains asked for"}}},
      {.name = "prompts_longer_than_the_model_reads",
       .spoil = [](const TinyWorld& w) { with_atlas(w, "questions = 5\ncomposites = 5"); },
       .blamed = {{"questions = 5", "evaluation.questions: 40 of 40 prompts are longer than the model's 64 positions"},
                  {"composites = 5", "evaluation.composites: "}}},
      {.name = "tokenizer_that_ends_every_text",
       .spoil =
           [](const TinyWorld& w) {
             with_atlas(w, "questions = 5");
             w.replace(w.model / "tokenizer.json", "\"post_processor\": null",
                       R"("post_processor": {"type": "TemplateProcessing",
                          "single": [{"Sequence": {"id": "A", "type_id": 0}},
                                     {"SpecialToken": {"id": "<s>", "type_id": 0}}], "pair": [],
                          "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}})");
           },
       .blamed = {{"model = ", "base.model: its tokenizer puts special tokens after a text"}}},
      changed("more_tokens_than_positions", "max_tokens = 48", "max_tokens = 65", "max_tokens = 65",
              "data.max_tokens: is 65, and the model reads 64 tokens (its max_position_embeddings)"),
      set("more_tokens_than_positions_by_override", "data.max_tokens=65", "data.max_tokens: is 65"),
      {.name = "more_tokens_than_the_sliding_window",
       .spoil =
           [](const TinyWorld& w) {
             w.replace(w.model / "config.json", "\"llama\"", "\"mistral\"");
             w.replace(w.model / "config.json", "{", "{\"sliding_window\": 40,");
           },
       .blamed = {{"max_tokens = ", "data.max_tokens: is 48, and the model reads 40 tokens (its sliding window)"}}},
  };
}

std::vector<BadInput> bad_choices() {
  const std::string arm = "name = \"fused\"";
  const std::string conflict = "conflict = \"cr-sign\"";
  return {
      changed("unknown_device", "raspberry-pi-5", "raspbery-pi-5", "raspbery-pi-5", "fleet.group[0].device: "),
      changed("unknown_rule", arm, arm + "\nrule = \"means\"", "rule = ", "fusion.arm[0].rule: "),
      changed("unknown_conflict", "cr-sign\"\n\n", "cr-sing\"\n\n", "cr-sing", "fusion.arm[1].conflict: "),
      changed("unknown_pruner", "[pruning]", "[pruning]\nmethod = \"magnitud\"", "magnitud", "pruning.method: "),
      changed("unknown_policy", "[pruning]", "[pruning]\npolicy = \"fit-memry\"", "fit-memry", "pruning.policy: "),
      changed("unknown_partitioner", "\"iid\"", "\"idd\"", "idd", "data.partitioner: "),
      changed("unknown_selection", "[adapter]", "[selection]\nmethod = \"unifrom\"\n[adapter]", "unifrom",
              "selection.method: "),
      changed("unknown_protocol", "rounds = 2", "rounds = 2\nkind = \"synchronos\"", "synchronos", "protocol.kind: "),
      changed("rule_and_conflict_that_do_not_go_together", conflict, conflict + "\nrule = \"stack\"", "\"stack\"",
              "fusion.arm[1].rule: "),
      changed("unknown_parameter_of_a_rule", arm, arm + "\nsettings = { lambda = 0.3 }", "lambda",
              "fusion.arm[0].settings.lambda: unknown parameter of weighted-mean"),
      changed("unknown_parameter_of_a_pruner", "[pruning]", "[pruning]\nsettings = { norm = 2 }", "norm = 2",
              "pruning.settings.norm: unknown parameter of magnitude"),
      changed("parameter_out_of_range", conflict, conflict + "\nconflict_settings = { beta = 2 }", "beta = 2",
              "fusion.arm[1].conflict_settings.beta: "),
      changed("parameter_of_another_type", conflict, conflict + "\nconflict_settings = { rescale = 0.5 }", "rescale",
              "fusion.arm[1].conflict_settings.rescale: "),
      changed("every_layer_protected", "protect_last = 0", "protect_last = 1", "ratios = ", "pruning.ratios: "),
      set("unknown_pruner_by_override", "pruning.method=magnitud", "pruning.method: "),
      {.name = "no_variant_fits_anybody",
       .spoil =
           [](const TinyWorld& w) {
             w.replace(w.scenario, "\"1 MB\"", "\"1 kB\"");
             w.replace(w.scenario, "\"300 kB\"", "\"1 kB\"");
           },
       .blamed = {{"[fleet]", "fleet: no variant fits any client"}}},
  };
}

std::vector<BadInput> bad_command_lines() {
  return {
      with("no_threads", {"--threads", "0"}, {"--threads"}),
      with("a_device_nobody_knows", {"--device", "tpu"}, {"--device: 'tpu' is no device", "cuda:1"}),
      with("threads_in_words", {"--threads", "two"}, {"threads"}),
      with("unknown_option", {"--thread", "2"}, {"--thread"}),
      with("two_scenarios", {"another.toml"}, {"too many arguments"}),
      with("output_below_a_file", {"--out", "/dev/null/result.h5"}, {"/dev/null"}),
      with("output_is_a_folder", {"--out", "/tmp"}, {"/tmp"}),
      without("no_scenario", "tiny.toml", {"tiny.toml"}),
  };
}

/// Everything that needs no weights is told under either fidelity.
std::vector<BadInput> all_bad() {
  std::vector<BadInput> all;
  for (auto list : {bad_models(), bad_data(), bad_choices()}) {
    for (auto& bad : list) {
      auto timed = bad;
      timed.name += "_under_timing";
      timed.arguments.insert(timed.arguments.end(), {"--set", "fidelity=timing"});
      all.insert(all.end(), {std::move(bad), std::move(timed)});
    }
  }
  for (auto list : {bad_weights(), bad_command_lines()})
    std::ranges::move(list, std::back_inserter(all));
  return all;
}

int line_of(const fs::path& file, const std::string& text) {
  std::ifstream stream{file};
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number)
    if (line.find(text) != std::string::npos) return number;
  ADD_FAILURE() << file << " has no line with \"" << text << "\"";
  return 0;
}

void expect_refused(const TinyWorld& world, const BadInput& bad) {
  bad.spoil(world);
  std::vector<std::string> arguments = {"run", world.scenario.string()};
  arguments.insert(arguments.end(), bad.arguments.begin(), bad.arguments.end());
  const auto outcome = testing::edgefuse(arguments);
  EXPECT_EQ(outcome.code, exit_wrong_input) << outcome.err;
  auto expected = bad.expected;
  for (const auto& [line, message] : bad.blamed)
    expected.push_back(fmt::format("{}:{}: {}", world.scenario.string(), line_of(world.scenario, line), message));
  for (const auto& part : expected)
    EXPECT_NE(outcome.err.find(part), std::string::npos) << "\"" << part << "\" is not in: " << outcome.err;
  EXPECT_EQ(outcome.out, "");
  for (const auto& entry : fs::directory_iterator{world.folder})
    EXPECT_NE(entry.path().extension(), ".h5") << entry.path() << " was left behind";
}

class BadRunInput : public ::testing::TestWithParam<BadInput> {};

TEST_P(BadRunInput, IsNamedAndLeavesNothingBehind) {
  expect_refused(TinyWorld{}, GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, BadRunInput, ::testing::ValuesIn(all_bad()),
                         [](const auto& instance) { return instance.param.name; });

/// A scenario with a mistake in every part of it, each of which another piece of the program finds.
BadInput mistakes_everywhere() {
  const std::vector<BadInput> single = {
      changed("data", "\"iid\"", "\"idd\"", "idd", "data.partitioner: unknown partitioner"),
      changed("tokens", "max_tokens = 48", "max_tokens = 500", "max_tokens = ", "data.max_tokens: is 500"),
      changed("device", "raspberry-pi-5", "raspbery-pi-5", "raspbery-pi-5", "fleet.group[0].device: "),
      changed("pruner", "[pruning]", "[pruning]\nmethod = \"magnitud\"", "magnitud", "pruning.method: "),
      changed("policy", "[pruning]", "[pruning]\npolicy = \"fit-memry\"", "fit-memry", "pruning.policy: "),
      changed("layers", "protect_last = 0", "protect_last = 1", "ratios = ", "pruning.ratios: "),
      changed("selection", "[adapter]", "[selection]\nmethod = \"unifrom\"\n[adapter]", "unifrom",
              "selection.method: "),
      changed("protocol", "rounds = 2", "rounds = 2\nkind = \"synchronos\"", "synchronos", "protocol.kind: "),
      changed("rule", "name = \"fused\"", "name = \"fused\"\nrule = \"means\"", "rule = ", "fusion.arm[0].rule: "),
      changed("conflict", "cr-sign\"\n\n", "cr-sing\"\n\n", "cr-sing", "fusion.arm[1].conflict: "),
  };
  BadInput all{.name = "everywhere",
               .spoil =
                   [single](const TinyWorld& w) {
                     for (const auto& bad : single)
                       bad.spoil(w);
                     fs::remove(w.folder / "south.json");
                   },
               .blamed = {{"paths = ", "data.paths: "}}};
  for (const auto& bad : single)
    all.blamed.insert(all.blamed.end(), bad.blamed.begin(), bad.blamed.end());
  return all;
}

TEST(BadRunInputs, OfManyPartsAreToldTogetherUnderEitherFidelity) {
  for (const auto* fidelity : {"learning", "timing"}) {
    auto bad = mistakes_everywhere();
    bad.arguments = {"--set", std::string{"fidelity="} + fidelity};
    expect_refused(TinyWorld{}, bad);
  }
}

TEST(BadRunInputs, AreToldInTheOrderOfTheFileAndOnceEach) {
  const TinyWorld world;
  const auto bad = mistakes_everywhere();
  bad.spoil(world);
  std::istringstream lines{testing::edgefuse({"run", world.scenario.string()}).err};
  std::vector<int> numbers;
  const auto prefix = world.scenario.string() + ":";
  for (std::string line; std::getline(lines, line);) {
    ASSERT_TRUE(line.starts_with(prefix)) << line;
    numbers.push_back(std::stoi(line.substr(prefix.size())));
  }
  EXPECT_EQ(numbers.size(), bad.blamed.size());
  EXPECT_TRUE(std::ranges::is_sorted(numbers));
}

TEST(BadRunInputs, OfTheModelAndOfTheDataAreToldTogether) {
  expect_refused(TinyWorld{}, {.name = "model_and_data",
                               .spoil =
                                   [](const TinyWorld& w) {
                                     w.replace(w.model / "config.json", "\"llama\"", "\"mamba\"");
                                     w.write(w.model / "tokenizer.json", "{ not json");
                                     w.write(w.folder / "north.json", R"([{"instruction": "Say"}])");
                                     w.write(w.folder / "south.json", "[1]");
                                   },
                               .expected = {"mamba", "tokenizer.json", "north.json:1: response", "south.json:1: "}});
}

}  // namespace
}  // namespace edgefuse::app
