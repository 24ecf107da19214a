#include "app/check_command.hpp"

#include <ostream>
#include <string>
#include <vector>

#include <boost/program_options.hpp>

#include "app/check/forecast.hpp"
#include "app/exit_codes.hpp"
#include "app/run/assembly.hpp"
#include "scenarios/scenario.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse check SCENARIO [--set KEY=VALUE]... [--json]",
    "Says whether a scenario is right, and what would run: who trains at which ratio, how long that takes, what it "
    "moves and draws, who is there. Loads no weights and writes nothing.",
    "edgefuse check scenarios/what-if/flaky-devices.toml"};

}  // namespace

int check_command(const Arguments& arguments, Console console) {
  po::options_description options{"options"};
  options.add_options()("scenario", po::value<std::string>()->value_name("FILE"), "the scenario file")(
      "set", po::value<std::vector<std::string>>()->default_value({}, ""),
      "another value for a key, such as network.uplink=\"5 MB/s\"; may be given again")(
      "json", "print one JSON object")("help", "print this help");
  po::positional_options_description positional;
  positional.add("scenario", 1);
  const auto given = parse_options(usage, options, &positional, arguments, console);
  if (!given) return exit_done;
  if (!given->contains("scenario"))
    throw InputError{Mistake{.problem = "no scenario given", .remedy = "edgefuse check scenarios/quickstart.toml"}};
  const auto assembly = assemble(
      scenarios::load_scenario((*given)["scenario"].as<std::string>(), (*given)["set"].as<std::vector<std::string>>()),
      scenarios::default_assets());
  for (const auto& note : assembly.notes)
    console.err << note << "\n";
  const auto would_run = forecast(assembly);
  console.out << (given->contains("json") ? to_json(would_run, assembly.scenario) + "\n"
                                          : to_table(would_run, assembly.scenario));
  return exit_done;
}

}  // namespace edgefuse::app
