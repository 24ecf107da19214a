#include "app/fuse_command.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/fuse/adapter_set.hpp"
#include "app/fuse/diagnosis_json.hpp"
#include "app/fuse/fused_output.hpp"
#include "app/fuse/method_list.hpp"
#include "app/fuse/outcome.hpp"
#include "app/fuse/public_loss.hpp"
#include "app/fuse/statistics_file.hpp"
#include "app/option_values.hpp"
#include "server/conflict/conflict_resolver.hpp"
#include "server/conflict/conflict_table.hpp"
#include "server/conflict/diagnostics_summary.hpp"
#include "server/conflict/heat_map.hpp"
#include "server/fuse.hpp"
#include "server/fusion/aggregation_error.hpp"
#include "sim/error.hpp"
#include "sim/output_file.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

constexpr Usage usage = {
    "edgefuse fuse --method M [--conflict C] ADAPTER_DIR... --out DIR [options]",
    "Fuses LoRA adapters in PEFT's layout, of any ranks, scales and targets, into one adapter, one change of the base "
    "or one model, module by module. An adapter with pruning.json beside it was trained on a pruned model and is "
    "recovered to the base's shapes first, for which --base is needed. Says how far the result is from the weighted "
    "mean of the changes, and what cutting it to a rank took away.",
    "edgefuse fuse --method ties adapters/one adapters/two --out fused\n"
    "  # one and two: adapters that edgefuse train, or PEFT, saved"};

po::options_description option_list() {
  po::options_description options{"options"};
  // clang-format off
  options.add_options()
      ("method", po::value<std::string>(), "fusion rule; --list shows all of them (docs/models/fusion.md)")
      ("set", po::value<std::vector<std::string>>(), "a parameter of the rule, name=value; may be repeated")
      ("weights", po::value<std::string>(), "one number for each adapter, a,b,c; 1 by default")
      ("conflict", po::value<std::string>()->default_value("none"), "conflict resolver before the rule; --list shows all")
      ("conflict-set", po::value<std::vector<std::string>>(), "a parameter of the resolver, name=value; may be repeated")
      ("base", po::value<std::string>(), "folder of the base model: for --output merged, and adapters of pruned models")
      ("public", po::value<std::string>(), "public text, for rules that judge by it (lorahub), with --base")
      ("texts", po::value<std::int64_t>()->default_value(32), "stretches of it")
      ("tokens", po::value<std::int64_t>()->default_value(64), "tokens in one of them")
      ("output", po::value<std::string>()->default_value("lora"), "lora: an adapter; dense: delta.safetensors; merged: a model")
      ("rank", po::value<std::int64_t>(), "rank that lora is cut to; by default nothing is cut off factors, and a matrix is cut "
                                          "to the sum of the adapters' ranks")
      ("seed", po::value<std::int64_t>()->default_value(1), "for rules and resolvers that draw random numbers")
      ("out", po::value<std::string>(), "folder to save the result in")
      ("adapter", po::value<std::vector<std::string>>(), "folder of an adapter; without --adapter too")
      ("diagnose", po::bool_switch(), "print how the adapters are in each other's way, and draw it: OUT/conflict.svg")
      ("list", po::bool_switch(), "show all rules and resolvers with their parameters, and do nothing else")
      ("json", po::bool_switch(), "print norms, errors and ranks of every module as JSON")
      ("help", "print this help");
  // clang-format on
  return options;
}

/// Everything the options say, checked as far as that goes without reading a file.
struct Request {
  std::unique_ptr<server::FusionRule> rule;
  std::unique_ptr<server::ConflictResolver> resolver;
  std::vector<fs::path> folders;
  std::vector<double> weights;
  std::optional<std::int64_t> rank;
  std::string output;
};

void require(OptionValues& values, const char* name, const char* remedy) {
  if (!values.given(name)) values.note(name, "is missing", remedy);
}

void check_weights(OptionValues& values, const Request& request) {
  if (request.weights.size() != request.folders.size())
    values.note("weights", fmt::format("are {} for {} adapters", request.weights.size(), request.folders.size()),
                "give one number for each adapter");
  bool all_zero = true;
  for (const double weight : request.weights) {
    all_zero = all_zero && weight == 0;
    if (weight < 0 && request.rule && request.rule->weight_signs() == server::WeightSigns::positive)
      values.note("weights", fmt::format("hold {}", weight),
                  fmt::format("{} takes 0 and positive weights; weighted-sum takes any", values.text("method")));
  }
  if (all_zero) values.note("weights", "are all 0", "give one adapter a weight");
}

/// What is read is not written over, and what lay beside an earlier adapter is not taken for the new one's.
void require_place_of_its_own(OptionValues& values, const Request& request) {
  const fs::path out = values.text("out");
  auto read = request.folders;
  if (values.given("base")) read.emplace_back(values.text("base"));
  std::error_code none_there;
  for (const auto& folder : read)
    if (fs::equivalent(folder, out, none_there))
      values.note("out", fmt::format("{} is read", out.string()), "name another folder");
  for (const char* name : {llm::pruning_record_name, statistics_name})
    if (fs::exists(out / name))
      values.note("out", fmt::format("{} holds the {} of another adapter", out.string(), name), "name another folder");
}

/// By folder, so that the order on the command line does not matter: results are the same bits.
void sort_by_folder(Request& request) {
  std::vector<std::pair<fs::path, double>> members;
  for (std::size_t i = 0; i < request.folders.size(); ++i)
    members.emplace_back(request.folders[i], request.weights[i]);
  std::ranges::stable_sort(members);
  for (std::size_t i = 0; i < members.size(); ++i)
    std::tie(request.folders[i], request.weights[i]) = members[i];
}

Request check_options(OptionValues& values) {
  Request request;
  require(values, "method", "name a fusion rule; edgefuse fuse --list shows them");
  require(values, "out", "name a folder, it may be new");
  require(values, "adapter", "name the folders of the adapters");
  values.throw_mistakes();
  for (const auto& folder : values.get<std::vector<std::string>>("adapter"))
    request.folders.emplace_back(folder);
  request.output = values.text("output");
  const auto form = values.choice("output", {"lora", "dense", "merged"});
  if (form == 2 && !values.given("base"))
    values.note("output", "is merged, into nothing", "name the model with --base");
  if (values.given("rank")) {
    request.rank = values.get<std::int64_t>("rank");
    values.require_above("rank", 0);
    if (form != 0) values.note("rank", "cuts an adapter, and there is none", "use --output lora");
  }
  require_place_of_its_own(values, request);
  values.require_above("seed", -1);
  values.require_above("texts", 0);
  values.require_above("tokens", 1);
  if (values.given("public") && !values.given("base"))
    values.note("public", "is text for a model that is not named", "name it with --base");
  values.require_new_folder("out");
  values.require_apart("out", "base");
  const auto settings = values.settings("set");
  const auto conflict_settings = values.settings("conflict-set");
  request.weights =
      values.given("weights") ? values.numbers("weights") : std::vector<double>(request.folders.size(), 1);
  values.throw_mistakes();
  request.rule = server::fusion_rules().make(values.text("method"), settings, {.key = "--method"}, {.key = "--set"});
  request.resolver = server::conflict_resolvers().make(values.text("conflict"), conflict_settings,
                                                       {.key = "--conflict"}, {.key = "--conflict-set"});
  check_weights(values, request);
  values.throw_mistakes();
  server::check_compatible(*request.resolver, *request.rule, {.key = "--method"});
  sort_by_folder(request);
  return request;
}

std::unique_ptr<FusedOutput> open_output(const OptionValues& values, const Request& request,
                                         const server::ModuleSource& source, const AdapterSet& adapters) {
  const fs::path out = values.text("out");
  if (request.output == "dense") return dense_output(out, source.shapes);
  if (request.output == "merged") return merged_output(out, values.text("base"), source.shapes);
  return adapter_output(out, request.rank, adapters.ranks());
}

/// Notes a module that was fused and written.
void note(FusionOutcome& outcome, llm::ModuleId id, const Written& written, const server::ModuleSource& source) {
  server::AggregationError own;
  own.add(written.change, source.parts(id), source.total_weight);
  if (!std::isfinite(own.of_fused()))
    throw InputError{Mistake{
        .key = id.name(), .problem = "is not finite once it is fused", .remedy = "use smaller weights or factors"}};
  outcome.error += own;
  const double norm = std::hypot(own.of_fused(), written.lost);  // what is cut off is orthogonal to the rest
  FusedModule row{.id = id, .shape = source.shapes.at(id), .rank = {}, .norm = own.of_fused(), .error = own.relative()};
  if (const auto* low = std::get_if<llm::LowRank>(&written.change); low != nullptr && outcome.output == "lora")
    row.rank = low->a.size(0);
  row.lost = norm > 0 ? written.lost / norm : 0;
  outcome.lost = std::hypot(outcome.lost, written.lost);
  outcome.modules.push_back(row);
}

/// What fusion says of a client's adapter, said of the folder that it came from.
InputError about_folders(const InputError& error, const Request& request) {
  std::vector<Mistake> mistakes(error.mistakes().begin(), error.mistakes().end());
  for (auto& mistake : mistakes) {
    for (std::size_t i = 0; i < request.folders.size(); ++i) {
      if (mistake.key != fmt::format("adapter of client {}", i)) continue;
      mistake.file = request.folders[i].string();
      mistake.key.clear();
      break;
    }
  }
  return InputError{std::move(mistakes)};
}

FusionOutcome fuse(const OptionValues& values, const Request& request, const AdapterSet& adapters) {
  FusionOutcome outcome{.method = values.text("method"), .conflict = values.text("conflict"), .output = request.output};
  const auto names = adapters.names();
  for (std::size_t i = 0; i < adapters.size(); ++i)
    outcome.adapters.push_back({.name = names[i],
                                .weight = request.weights[i],
                                .rank = adapters.spec(i).rank,
                                .scale = adapters.spec(i).scale()});
  auto source = adapters.source(request.weights, {.seed = static_cast<std::uint64_t>(values.get<std::int64_t>("seed"))},
                                request.rule->needs());
  if (values.given("public"))
    source.public_loss =
        public_loss(values.text("base"), values.text("public"),
                    {.count = values.get<std::int64_t>("texts"), .tokens = values.get<std::int64_t>("tokens")});
  const auto output = open_output(values, request, source, adapters);
  try {
    server::fuse(source, *request.resolver, *request.rule, [&](llm::ModuleId id, const llm::ModuleDelta& fused) {
      note(outcome, id, output->take(id, fused), source);
    });
  } catch (const InputError& error) {
    throw about_folders(error, request);
  }
  output->finish();
  return outcome;
}

/// How the adapters are in each other's way before anything is resolved.
struct Diagnosis {
  std::vector<server::ModuleDiagnostics> modules;
  server::ConflictSummary summary;
};

Diagnosis diagnose(const AdapterSet& adapters, const Request& request) {
  Diagnosis diagnosis{.modules = server::diagnose(adapters.source(request.weights, {})), .summary = {}};
  diagnosis.summary = server::summarise(diagnosis.modules, adapters.size());
  return diagnosis;
}

void draw(const Diagnosis& diagnosis, const AdapterSet& adapters, const fs::path& out) {
  const auto picture = server::heat_map(diagnosis.summary, diagnosis.modules, adapters.names(),
                                        fmt::format("Conflict between {} adapters", adapters.size()));
  write_text_file(out / "conflict.svg", picture);
}

}  // namespace

int fuse_command(const Arguments& arguments, Console console) {
  const auto options = option_list();
  po::positional_options_description positional;
  positional.add("adapter", -1);
  const auto parsed = parse_options(usage, options, &positional, arguments, console);
  if (!parsed) return 0;
  OptionValues values{*parsed};
  if (values.get<bool>("list")) {
    console.out << method_list();
    return 0;
  }
  const Request request = check_options(values);
  std::optional<llm::ModelConfig> base;
  if (values.given("base")) base = llm::read_config(values.text("base"));
  const AdapterSet adapters{request.folders, base};
  std::optional<Diagnosis> diagnosis;
  if (values.get<bool>("diagnose")) diagnosis = diagnose(adapters, request);
  const auto outcome = fuse(values, request, adapters);
  if (diagnosis) draw(*diagnosis, adapters, values.text("out"));
  if (values.get<bool>("json")) {
    auto json = json_of(outcome, values.text("out"));
    if (diagnosis) json["diagnosis"] = json_of(diagnosis->modules, adapters.names());
    console.out << json << '\n';
  } else {
    console.out << text_of(outcome, values.text("out"));
    if (diagnosis)
      console.out << '\n'
                  << server::conflict_table(diagnosis->modules, diagnosis->summary, adapters.names())
                  << fmt::format("drawn in {}\n", (fs::path{values.text("out")} / "conflict.svg").string());
  }
  return 0;
}

}  // namespace edgefuse::app
