#include "app/pretrain_command.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/option_values.hpp"
#include "app/pretrain/batches.hpp"
#include "app/pretrain/progress.hpp"
#include "app/pretrain/recipe.hpp"
#include "data/atlas/pretraining_text.hpp"
#include "llm/tokenizer/bpe_trainer.hpp"
#include "llm/tokenizer/json_tokenizer.hpp"
#include "sim/error.hpp"
#include "sim/output_file.hpp"
#include "sim/output_folder.hpp"
#include "sim/random.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse pretrain SCENARIO --out DIR [--threads N] [--steps N] [--json]",
    "Pre-trains a small model on the generated world's public text and writes it as a Hugging Face folder, with its "
    "tokenizer, its log and the scenario that made it.",
    "edgefuse pretrain data/models/atlas-base/pretraining.toml --out my-base --threads 2"};
constexpr std::int64_t corpus_texts = 1000;
constexpr std::int64_t final_questions = 1 << 20;  // all there are

/// The log, in memory and as it grows on the console.
class Log {
 public:
  explicit Log(std::ostream& echo) : echo_{echo} {}
  void line(const std::string& text) {
    text_ += text + '\n';
    echo_ << text << std::endl;  // whoever waits for minutes wants each line when it is there
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::ostream& echo_;
  std::string text_;
};

/// The text of a tokenizer.json that was trained on the world's public text.
std::string trained_tokenizer(const PretrainingRecipe& recipe) {
  const data::atlas::PretrainingText text{data::atlas::make_atlas(recipe.world)};
  sim::Draws draws{{recipe.seed, sim::Domain::pretraining_batches, 0, 2}};
  const std::vector<std::string> special = {"<|end|>"};
  const auto corpus = text.tokenizer_corpus(corpus_texts, draws);
  return llm::train_bpe(corpus, static_cast<std::size_t>(recipe.vocabulary), special);
}

/// Means of the parts' losses since the last line of the log.
class RunningLosses {
 public:
  void add(const llm::PretrainingStep& step, const std::vector<llm::PretrainingPart>& parts) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (parts[p].rows.empty()) continue;
      sums_[p] += step.losses[p];
      ++counts_[p];
    }
  }
  /// "questions 0.91  statements 0.80"; then starts anew.
  std::string take() {
    std::string text;
    for (std::size_t p = 0; p < part_names.size(); ++p)
      if (counts_[p] > 0) text += fmt::format("{} {:.4f}  ", part_names[p], sums_[p] / static_cast<double>(counts_[p]));
    *this = {};
    return text;
  }

 private:
  std::array<double, part_names.size()> sums_{};
  std::array<std::int64_t, part_names.size()> counts_{};
};

std::string text_of(const PretrainingScores& scores) {
  return fmt::format("public {}  private {}  composite {}", percent(scores.open), percent(scores.closed),
                     percent(scores.composites));
}

llm::Model train(const PretrainingRecipe& recipe, const llm::Tokenizer& tokenizer, std::int64_t stop_at, Log& log) {
  const PretrainingBatches batches{recipe, tokenizer};
  const PretrainingProgress progress{recipe, tokenizer, recipe.log_questions};
  llm::Pretrainer pretrainer{llm::initial_model(recipe.model, recipe.seed), recipe.training};
  RunningLosses losses;
  for (std::int64_t step = 0; step < stop_at; ++step) {
    const auto parts = batches.of_step(step);
    const auto found = pretrainer.step(parts);
    losses.add(found, parts);
    if ((step + 1) % recipe.log_every != 0 && step + 1 != stop_at) continue;
    log.line(fmt::format("step {:5}  rate {:.2e}  gradient {:5.2f}  {}{}", step + 1, found.rate, found.grad_norm,
                         losses.take(), text_of(progress.score(pretrainer.model()))));
  }
  return pretrainer.model();
}

/// All files of the model at once: a folder that holds an older one keeps it whole until then.
void save(const llm::Model& model, const std::string& tokenizer, const std::string& log, const std::string& recipe,
          const std::filesystem::path& out) {
  OutputFolder files{out};
  llm::save_model(model, files.partial(), at::kHalf);
  write_text_file(files.partial() / "tokenizer.json", tokenizer);
  write_text_file(files.partial() / "pretraining.log", log);
  write_text_file(files.partial() / "pretraining.toml", recipe);
  files.commit("config.json");
}

}  // namespace

int pretrain_command(const Arguments& arguments, Console console) {
  po::options_description options{"options"};
  auto add = options.add_options();
  add("scenario", po::value<std::string>()->required(), "pre-training scenario (may stand without --scenario)");
  add("out", po::value<std::string>()->required(), "folder to write the model to");
  add("threads", po::value<std::int64_t>()->default_value(1), "threads; the model does not depend on it");
  add("steps", po::value<std::int64_t>(), "stop after so many steps of the scenario");
  add("json", po::bool_switch(), "print the final scores as JSON");
  add("help", "print this help");
  po::positional_options_description positional;
  positional.add("scenario", 1);
  const auto values = parse_options(usage, options, &positional, arguments, console);
  if (!values) return 0;

  auto recipe = load_recipe((*values)["scenario"].as<std::string>());
  recipe.training.workers = thread_count(*values);
  auto steps = recipe.training.steps;
  if (values->count("steps") != 0) steps = (*values)["steps"].as<std::int64_t>();
  if (steps < 1 || steps > recipe.training.steps)
    throw InputError{{.key = "--steps",
                      .problem = fmt::format("{} steps of a scenario of {}", steps, recipe.training.steps),
                      .remedy = fmt::format("use 1 to {}", recipe.training.steps)}};

  const std::filesystem::path out = (*values)["out"].as<std::string>();
  { const OutputFolder writable{out}; }  // fails now rather than after the training
  const auto tokenizer_json = trained_tokenizer(recipe);
  const llm::tokenizing::JsonTokenizer tokenizer{
      llm::tokenizing::read_tokenizer_parts(tokenizer_json, "tokenizer.json")};
  recipe.model.vocabulary = tokenizer.vocabulary();
  recipe.model.eos_token = tokenizer.token_id("<|end|>");

  Log log{console.err};
  log.line(fmt::format("vocabulary {}", recipe.model.vocabulary));
  const auto model = train(recipe, tokenizer, steps, log);
  const auto scores = PretrainingProgress{recipe, tokenizer, final_questions}.score(model);
  log.line(fmt::format("parameters {}\nall questions: {}", model.parameters(), text_of(scores)));
  save(model, tokenizer_json, log.text(), recipe.text, out);

  if ((*values)["json"].as<bool>()) {
    const auto json = [](const data::Interval& i) {
      return nlohmann::json{{"value", i.value}, {"low", i.low}, {"high", i.high}};
    };
    console.out << nlohmann::json{{"parameters", model.parameters()},
                                  {"public", json(scores.open)},
                                  {"private", json(scores.closed)},
                                  {"composite", json(scores.composites)}}
                << '\n';
  }
  return 0;
}

}  // namespace edgefuse::app
