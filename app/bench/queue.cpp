#include "app/bench/queue.hpp"

#include <ostream>

#include <fmt/format.h>
#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>

#include "app/bench/queue_speed.hpp"
#include "app/exit_codes.hpp"
#include "app/option_values.hpp"

namespace edgefuse::app {
namespace {

namespace po = boost::program_options;

constexpr Usage usage = {
    "edgefuse bench queue [--clients N] [options]",
    "Takes the time of the kernel's events in the hold model, one pending event for each client, and of other event "
    "queues in the same run on the same core.",
    "edgefuse bench queue --clients 1000000 --json"};

po::options_description option_list() {
  po::options_description options{"options"};
  auto add = options.add_options();
  add("clients", po::value<std::int64_t>()->default_value(1'000'000), "pending events, one for each client");
  add("events", po::value<std::int64_t>()->default_value(3'000'000), "events to measure, of each queue");
  add("repeats", po::value<std::int64_t>()->default_value(3), "how often all is measured; the best is reported");
  add("json", po::bool_switch(), "print one JSON object");
  add("help", "print this help");
  return options;
}

nlohmann::ordered_json json_of(const QueueSpeed& speed) {
  return {{"events_per_s", speed.ladder},
          {"kernel_events_per_s", speed.kernel},
          {"heap_events_per_s", speed.heap},
          {"closures_events_per_s", speed.closures},
          {"ratio_to_heap", speed.ladder / speed.heap},
          {"ratio_to_closures", speed.ladder / speed.closures}};
}

void print_text(const QueueSpeed& speed, std::ostream& out) {
  const auto line = [&](const char* what, double rate) {
    out << fmt::format("{:38} {:6.2f} million events/s  {:6.1f} ns each\n", what, rate / 1e6, 1e9 / rate);
  };
  line("ladder queue", speed.ladder);
  line("whole kernel on it", speed.kernel);
  line("binary heap", speed.heap);
  line("std::priority_queue of std::function", speed.closures);
  out << fmt::format("the ladder is {:.1f} times as fast as the heap, {:.1f} times as fast as closures\n",
                     speed.ladder / speed.heap, speed.ladder / speed.closures);
}

}  // namespace

int bench_queue(const Arguments& arguments, Console console) {
  const auto parsed = parse_options(usage, option_list(), nullptr, arguments, console);
  if (!parsed) return exit_done;
  OptionValues values{*parsed};
  for (const char* name : {"clients", "events", "repeats"})
    values.require_above(name, 0);
  const auto clients = values.get<std::int64_t>("clients");
  values.require_at_most("clients", 100'000'000);
  values.throw_mistakes();
  const auto speed = measure_queues(static_cast<std::uint32_t>(clients), values.get<std::int64_t>("events"),
                                    values.get<std::int64_t>("repeats"));
  if (values.get<bool>("json"))
    console.out << json_of(speed) << '\n';
  else
    print_text(speed, console.out);
  return exit_done;
}

}  // namespace edgefuse::app
