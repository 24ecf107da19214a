#include "app/compose_command.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/exit_codes.hpp"
#include "app/option_values.hpp"
#include "data/atlas/questions.hpp"
#include "data/composition_file.hpp"
#include "data/domains.hpp"
#include "data/mmlu.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse compose (--mmlu DIR [--split S] [--level L] | --atlas [--conflict C]) [--k K] [--count N] --out FILE",
    "Builds a cross-domain benchmark: each instance asks K questions of K distinct domains in one prompt. The file "
    "lists seed, ids, order, prompts and answers (docs/formats/datasets.md).",
    "edgefuse compose --atlas --k 2 --count 300 --seed 1 --out cd.jsonl"};

po::options_description declared_options() {
  po::options_description options{"options"};
  auto add = options.add_options();
  add("mmlu", po::value<std::string>(), "folder of MMLU, with dev/, val/ and test/");
  add("split", po::value<std::string>()->default_value("test"), "MMLU's dev, val or test");
  add("level", po::value<std::string>()->default_value("subcategory"),
      "what a domain of MMLU is: subject (57), subcategory (17) or category (4)");
  add("atlas", po::bool_switch(), "ask about the private facts of the generated world, in its test phrasings");
  add("atlas-seed", po::value<std::int64_t>()->default_value(1), "seed of the world's private facts");
  add("domains", po::value<std::int64_t>()->default_value(8), "domains of the world");
  add("conflict", po::value<double>()->default_value(0), "share of the world's names that mean two things");
  add("k", po::value<std::int64_t>()->default_value(2), "questions in one instance");
  add("count", po::value<std::int64_t>()->default_value(300), "instances");
  add("seed", po::value<std::int64_t>()->default_value(1), "seed of the composition");
  add("out", po::value<std::string>()->required(), "file to write, JSON Lines");
  add("json", po::bool_switch(), R"(print {"file", "instances", "k", "questions", "domains"})");
  add("help", "print this help");
  return options;
}

/// Runs `work`. A mistake about a value is one of the option of that name, or of `option` where one is given.
template <class Work>
auto of_options(const Work& work, const char* option = nullptr) {
  try {
    return work();
  } catch (const InputError& error) {
    std::vector<Mistake> mistakes{error.mistakes().begin(), error.mistakes().end()};
    for (auto& mistake : mistakes) {
      if (!mistake.file.empty()) continue;
      if (option != nullptr) mistake.problem = fmt::format("\"{}\" is {}", mistake.key, mistake.problem);
      mistake.key = fmt::format("--{}", option != nullptr ? option : mistake.key);
    }
    throw InputError{std::move(mistakes)};
  }
}

std::uint64_t seed(OptionValues& values, const char* name) {
  values.require_above(name, -1);
  values.throw_mistakes();
  return static_cast<std::uint64_t>(values.get<std::int64_t>(name));
}

struct Pool {
  std::string source;
  std::vector<data::Question> questions;
};

Pool mmlu_pool(const po::variables_map& values) {
  const auto split = of_options([&] { return data::parse_mmlu_split(values["split"].as<std::string>()); }, "split");
  const auto level = of_options([&] { return data::parse_domain_level(values["level"].as<std::string>()); }, "level");
  return {fmt::format("MMLU {} by {}", data::name_of(split), data::name_of(level)),
          data::read_mmlu(values["mmlu"].as<std::string>(), split, level)};
}

Pool atlas_pool(const po::variables_map& values) {
  OptionValues numbers{values};
  const data::atlas::AtlasOptions options{.seed = seed(numbers, "atlas-seed"),
                                          .domains = values["domains"].as<std::int64_t>(),
                                          .conflict = values["conflict"].as<double>()};
  const auto world = of_options([&] { return data::atlas::make_atlas(options); });
  Pool pool{fmt::format("atlas seed {}, {} domains, conflict {}, private facts", options.seed, options.domains,
                        options.conflict),
            {}};
  for (std::int64_t domain = 0; domain < options.domains; ++domain)
    for (auto& question : data::atlas::test_questions(world, domain, data::atlas::Visibility::edges))
      pool.questions.push_back(std::move(question));
  return pool;
}

/// The options of one source do nothing for the other: to give them there is a mistake.
void require_one_source(const po::variables_map& values) {
  const bool mmlu = values.count("mmlu") != 0;
  const bool atlas = values["atlas"].as<bool>();
  if (mmlu == atlas)
    throw InputError{{.key = "--mmlu, --atlas",
                      .problem = mmlu ? "both given" : "neither given",
                      .remedy = "name one source of questions"}};
  std::vector<Mistake> mistakes;
  const auto refuse = [&](const char* name, const char* needs) {
    if (!values[name].defaulted())
      mistakes.push_back({.key = fmt::format("--{}", name),
                          .problem = fmt::format("says nothing without {}", needs),
                          .remedy = "leave it out"});
  };
  if (atlas)
    for (const auto* name : {"split", "level"})
      refuse(name, "--mmlu");
  else
    for (const auto* name : {"atlas-seed", "domains", "conflict"})
      refuse(name, "--atlas");
  if (!mistakes.empty()) throw InputError{std::move(mistakes)};
}

}  // namespace

int compose_command(const Arguments& arguments, Console console) {
  const auto parsed = parse_options(usage, declared_options(), nullptr, arguments, console);
  if (!parsed) return exit_done;
  const auto& values = *parsed;
  require_one_source(values);
  const auto pool = values["atlas"].as<bool>() ? atlas_pool(values) : mmlu_pool(values);
  OptionValues numbers{values};
  const data::ComposeOptions options{values["k"].as<std::int64_t>(), values["count"].as<std::int64_t>(),
                                     seed(numbers, "seed")};
  const auto& file = values["out"].as<std::string>();
  const data::Composition composition{pool.source, options,
                                      of_options([&] { return data::compose(pool.questions, options); })};
  data::write_composition(composition, file);

  const auto domains = data::distinct(data::labels_of(pool.questions)).size();
  if (values["json"].as<bool>())
    console.out << nlohmann::json{{"file", file},
                                  {"instances", options.count},
                                  {"k", options.k},
                                  {"questions", pool.questions.size()},
                                  {"domains", domains}}
                << '\n';
  else
    console.out << fmt::format("{}: {} instances of {} questions, from {} questions of {} domains ({})\n", file,
                               options.count, options.k, pool.questions.size(), domains, pool.source);
  return exit_done;
}

}  // namespace edgefuse::app
