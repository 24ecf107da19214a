#include <exception>
#include <ostream>

#include <fmt/format.h>

#include "app/command.hpp"
#include "app/exit_codes.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

void print_help(std::ostream& out) {
  out << "edgefuse simulates how a cloud LLM learns from many unequal edge devices:\n"
         "prune, train LoRA adapters at the edge, recover, fuse, evaluate.\n\n"
         "usage: edgefuse COMMAND [OPTION]...\n\n";
  for (const auto& command : commands())
    out << fmt::format("  {:<10} {}\n", command.name, command.summary);
  out << "\nedgefuse COMMAND --help explains a command.  edgefuse --version prints the version.\n";
}

const Command& find_command(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& command : commands()) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  const auto meant = nearest(name, names);
  throw InputError{{.key = std::string{name},
                    .problem = "unknown command",
                    .remedy = meant.empty() ? "edgefuse --help lists them" : fmt::format("did you mean {}?", meant)}};
}

int dispatch(const Arguments& arguments, Console console) {
  if (arguments.empty()) {
    print_help(console.err);
    return exit_wrong_input;
  }
  const auto& name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(console.out);
    return exit_done;
  }
  if (name == "--version") {
    console.out << "edgefuse " << EDGEFUSE_VERSION << "\n";
    return exit_done;
  }
  return find_command(name).run({arguments.begin() + 1, arguments.end()}, console);
}

}  // namespace

int run_program(const Arguments& arguments, Console console) {
  try {
    const int code = dispatch(arguments, console);
    if (!console.out.flush()) throw RunError{"the output could not be written"};
    return code;
  } catch (const InputError& error) {
    console.err << error.what() << "\n";
    return exit_wrong_input;
  } catch (const std::exception& error) {
    console.err << "edgefuse failed: " << error.what() << "\n";
    return exit_failed;
  }
}

}  // namespace edgefuse::app
