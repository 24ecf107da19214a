#include "app/bench_command.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <string>

#include <fmt/format.h>

#include "app/bench/fuse.hpp"
#include "app/bench/queue.hpp"
#include "app/bench/train.hpp"
#include "app/exit_codes.hpp"
#include "sim/error.hpp"

namespace edgefuse::app {
namespace {

constexpr std::array benches = {
    Command{"train", "training of adapters, beside the matrix products of this machine", bench_train},
    Command{"queue", "events of the simulation kernel, beside other event queues", bench_queue},
    Command{"fuse", "fusion rules on a large model's modules, beside the dense way", bench_fuse},
};

void print_help(std::ostream& out) {
  out << "usage: edgefuse bench WHAT [options]\n\nHow fast this machine does something, in ratios of one run.\n\n";
  for (const Command& bench : benches)
    out << fmt::format("  {:8} {}\n", bench.name, bench.summary);
  out << "\n  --help   print this help; edgefuse bench WHAT --help says more\n\nexample:\n  edgefuse bench queue "
         "--clients 100000\n";
}

[[noreturn]] void refuse(const std::string& what) {
  std::array<std::string_view, benches.size()> names;
  std::ranges::transform(benches, names.begin(), &Command::name);
  const auto meant = nearest(what, names);
  throw InputError{
      {.problem = what.empty() ? "no benchmark was named" : fmt::format("\"{}\" is no benchmark", what),
       .remedy = meant.empty() ? "edgefuse bench train, queue or fuse" : fmt::format("did you mean {}?", meant)}};
}

}  // namespace

int bench_command(const Arguments& arguments, Console console) {
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    print_help(console.out);
    return exit_done;
  }
  const std::string what = arguments.empty() ? "" : arguments[0];
  const auto* const found = std::ranges::find(benches, what, &Command::name);
  if (found == benches.end()) refuse(what);
  return found->run({arguments.begin() + 1, arguments.end()}, console);
}

}  // namespace edgefuse::app
