#include "app/show_command.hpp"

#include <ostream>
#include <string>

#include <boost/program_options.hpp>

#include "app/exit_codes.hpp"
#include "results/result_file.hpp"
#include "results/summary.hpp"
#include "results/table.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse show FILE [--json]",
    "Shows what a result file holds: every model's figures with their 95 % intervals, virtual "
    "time, bytes and energy. The file's digest is checked.",
    "edgefuse show results/runs/quickstart.h5   # what edgefuse run scenarios/quickstart.toml left"};

}  // namespace

int show_command(const Arguments& arguments, Console console) {
  po::options_description options{"options"};
  options.add_options()("file", po::value<std::string>()->value_name("FILE"), "result file that edgefuse run wrote")(
      "json", "print one JSON object")("help", "print this help");
  po::positional_options_description positional;
  positional.add("file", 1);
  const auto given = parse_options(usage, options, &positional, arguments, console);
  if (!given) return exit_done;
  if (given->count("file") == 0) {
    throw InputError{Mistake{.key = "FILE",
                             .problem = "is missing",
                             .remedy = "name a result file: edgefuse show results/runs/quickstart.h5"}};
  }
  const auto summary = results::summarise(results::read_result((*given)["file"].as<std::string>()));
  console.out << (given->count("json") > 0 ? results::to_json(summary) + "\n" : results::to_table(summary));
  return exit_done;
}

}  // namespace edgefuse::app
