#include "app/prune_command.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/longest_text.hpp"
#include "app/model_files.hpp"
#include "app/option_values.hpp"
#include "app/prune/outcome.hpp"
#include "app/public_text.hpp"
#include "llm/encode.hpp"
#include "llm/pruning/prune.hpp"
#include "llm/pruning/record.hpp"
#include "llm/tokenizer.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

constexpr Usage usage = {
    "edgefuse prune --model DIR --method M --ratio R [--calibration FILE] --out DIR [options]",
    "Prunes a model and saves what is left as a model folder, with pruning.json: the KV-head groups and neurons that "
    "were kept. An adapter trained on it finds its way back to the whole model by that file. With text, perplexity "
    "before and after is measured on the text's last quarter, which calibration never sees.",
    "edgefuse prune --model data/models/atlas-base --method magnitude --ratio 0.5 --out pruned"};

std::string method_names() {
  std::string names;
  const auto registry = llm::pruners();
  for (const auto& method : registry.methods())
    names += (names.empty() ? "" : ", ") + method.name;
  return names;
}

po::options_description option_list() {
  po::options_description options{"options"};
  const auto method_help = fmt::format("how it is pruned: {} (docs/models/pruning-and-recovery.md)", method_names());
  // clang-format off
  options.add_options()
      ("model", po::value<std::string>()->required(), "folder of the model")
      ("method", po::value<std::string>()->required(), method_help.c_str())
      ("set", po::value<std::vector<std::string>>(), "a parameter of the method, name=value; may be repeated")
      ("ratio", po::value<double>()->required(), "share of what may be pruned that goes, from 0 to below 1")
      ("smaller", po::value<std::string>(), "smaller ratios offered beside it, such as 0.25,0.5: what these lose it loses too")
      ("budget", po::value<std::string>(), "per-layer, global or layers (whole ones go); the method's own by default")
      ("protect-first", po::value<std::int64_t>()->default_value(0), "so many first layers stay whole")
      ("protect-last", po::value<std::int64_t>()->default_value(0), "so many last layers stay whole")
      ("calibration", po::value<std::string>(), "public text, UTF-8: its first three quarters are what the method looks at")
      ("texts", po::value<std::int64_t>()->default_value(128), "stretches of it")
      ("tokens", po::value<std::int64_t>()->default_value(128), "tokens in one of them")
      ("evaluate", po::value<std::string>(), "text to measure perplexity on instead of the calibration text's last quarter")
      ("out", po::value<std::string>()->required(), "folder to save the pruned model in")
      ("json", po::bool_switch(), "print kept indices, parameters and perplexity as JSON")
      ("help", "print this help");
  // clang-format on
  return options;
}

/// Everything the options say, checked as far as that goes without the model.
struct Request {
  std::unique_ptr<llm::Pruner> pruner;
  std::vector<double> ratios;  // rising; the last is asked for
  llm::PruningOptions pruning;
  Stretches stretches;
};

std::vector<double> ratios(OptionValues& values) {
  std::vector<double> all;
  if (values.given("smaller")) all = values.numbers("smaller");
  all.push_back(values.share("ratio"));
  const bool rising = std::ranges::adjacent_find(all, std::greater_equal{}) == all.end();
  if (!rising || all.front() < 0)
    values.note("smaller", fmt::format("is no list of rising numbers from 0 to below {}", all.back()),
                "give the ratios that are offered beside it, the smallest first");
  return all;
}

Request check_options(OptionValues& values) {
  Request request{.pruner = nullptr, .ratios = ratios(values), .pruning = {}, .stretches = {}};
  if (values.given("budget")) {
    constexpr std::array budgets = {llm::Budget::per_layer, llm::Budget::global, llm::Budget::layers};
    request.pruning.budget = budgets[values.choice("budget", {"per-layer", "global", "layers"})];
  }
  for (const char* name : {"protect-first", "protect-last"})
    values.require_above(name, -1);
  values.require_above("texts", 0);
  values.require_above("tokens", 1);
  request.pruning.protection = {.first = values.get<std::int64_t>("protect-first"),
                                .last = values.get<std::int64_t>("protect-last")};
  request.stretches = {.count = values.get<std::int64_t>("texts"), .tokens = values.get<std::int64_t>("tokens")};
  values.require_new_folder("out");
  values.require_apart("out", "model");
  const auto settings = values.settings("set");
  values.throw_mistakes();
  request.pruner = llm::pruners().make(values.text("method"), settings, {.key = "--method"}, {.key = "--set"});
  if (request.pruner->needs_calibration() && !values.given("calibration"))
    throw InputError{Mistake{.key = "--calibration",
                             .problem = fmt::format("is not given, and \"{}\" looks at text", values.text("method")),
                             .remedy = "name a file of public text"}};
  return request;
}

/// What calibration sees, and what perplexity is measured on; either may be empty.
struct Texts {
  llm::Calibration calibration;
  llm::Calibration held_out;
};

Texts read_texts(const OptionValues& values, const Request& request, const llm::ModelConfig& config) {
  Texts texts;
  if (!values.given("calibration") && !values.given("evaluate")) return texts;
  require_readable(request.stretches.tokens, config, "--tokens");
  const auto tokenizer = llm::load_tokenizer(values.text("model"));
  llm::check_tokenizer_fits(*tokenizer, config, values.text("model"));
  if (values.given("calibration")) {
    const fs::path file = values.text("calibration");
    const PublicText text{{&file, 1}, *tokenizer, config};
    if (request.pruner->needs_calibration()) texts.calibration = text.to_learn(request.stretches);
    if (!values.given("evaluate")) texts.held_out = text.held_out(request.stretches);
  }
  if (values.given("evaluate")) {
    const fs::path file = values.text("evaluate");
    texts.held_out = PublicText{{&file, 1}, *tokenizer, config}.whole(request.stretches);
  }
  return texts;
}

/// The variant's own folder: weights, record, and the tokenizer of the model it came from.
void save(const llm::Model& variant, const llm::PruningRecord& record, const fs::path& model, const fs::path& out) {
  llm::save_model(variant, out, at::kFloat);
  llm::write_pruning_record(record, out);
  copy_tokenizer(model, out);
}

}  // namespace

int prune_command(const Arguments& arguments, Console console) {
  const auto options = option_list();
  const auto parsed = parse_options(usage, options, nullptr, arguments, console);
  if (!parsed) return 0;
  OptionValues values{*parsed};
  const Request request = check_options(values);
  const fs::path folder = values.text("model");
  const llm::Model base = llm::load_model(folder);
  require_unpruned(base.config, folder);
  const Texts texts = read_texts(values, request, base.config);
  const auto pruned = llm::prune(base, *request.pruner, request.ratios, request.pruning, texts.calibration);
  const auto variant = llm::in_base_order(pruned.variants.back(), pruned.order);
  const auto record = llm::pruning_record(values.text("method"), base.config, pruned.order, pruned.shapes.back());
  const auto outcome = compare(base, variant, record, texts.held_out);
  save(variant, record, folder, values.text("out"));
  if (values.get<bool>("json"))
    console.out << json_of(outcome, values.text("out")) << '\n';
  else
    console.out << text_of(outcome) << fmt::format("saved in {}\n", values.text("out"));
  return 0;
}

}  // namespace edgefuse::app
