#pragma once

#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boost::program_options {
class options_description;
class positional_options_description;
class variables_map;
}  // namespace boost::program_options

namespace edgefuse::app {

using Arguments = std::vector<std::string>;

/// Where a command writes: results to `out`, everything else to `err`.
struct Console {
  std::ostream& out;
  std::ostream& err;
};

/// One subcommand of the program. `run` returns the exit code of a command that did what it was asked;
/// a user's mistake is thrown as InputError, a failure as RunError.
struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Arguments& arguments, Console console);
};

/// All subcommands in the order `edgefuse --help` lists them.
[[nodiscard]] std::span<const Command> commands();

/// Runs `edgefuse ARGUMENTS...`: dispatches, and turns exceptions into messages and exit codes (DESIGN §4).
int run_program(const Arguments& arguments, Console console);

/// What a command's `--help` shows besides its options.
struct Usage {
  std::string_view synopsis;     // "edgefuse logits --model DIR --tokens IDS"
  std::string_view description;  // a sentence or two
  std::string_view example;      // a command line that works from the project's root; behind # what it needs first
};

/// Parses `arguments`; empty when `--help` was asked for (as the value of another option it is just that) and printed.
/// Unknown or malformed options throw InputError. `positional` may be null.
[[nodiscard]] std::optional<boost::program_options::variables_map> parse_options(
    const Usage& usage, const boost::program_options::options_description& options,
    const boost::program_options::positional_options_description* positional, const Arguments& arguments,
    Console console);

}  // namespace edgefuse::app
