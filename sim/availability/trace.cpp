#include "sim/availability/trace.hpp"

#include <memory>
#include <utility>

#include "sim/availability/dealing.hpp"
#include "sim/availability/device_traces.hpp"
#include "sim/availability/ticks.hpp"
#include "sim/error.hpp"

namespace edgefuse::sim {
namespace {

class Trace final : public Availability {
 public:
  Trace(DeviceTraces traces, bool shift) : traces_{std::move(traces)}, shift_{shift} {}

  [[nodiscard]] Presence presence(std::uint64_t seed, std::uint32_t client, SimTime at) const override {
    auto draws = dealt(seed, client);
    const auto& device = traces_.devices[draws.below(traces_.devices.size())];
    const auto places = static_cast<std::uint64_t>(device.period() / traces_.step);
    return device.at(at, shift_ ? static_cast<std::int64_t>(draws.below(places)) * traces_.step : 0);
  }

 private:
  DeviceTraces traces_;
  bool shift_;
};

DeviceTraces read(const Parameters& parameters) {
  const std::filesystem::path file = word(parameters, "path");
  if (file.empty())
    throw InputError{{.key = "path", .problem = "is missing", .remedy = "name the trace, a .npy or a .csv file"}};
  const auto length = hours(number(parameters, "length"));
  const auto unknown = word(parameters, "unknown") == "hold" ? Unknown::hold : Unknown::away;
  if (file.extension() == ".npy")
    return read_matrix_trace(file, hours(number(parameters, "step") / 60), unknown, length);
  if (file.extension() == ".csv") return read_interval_trace(file, length);
  throw InputError{{.file = file.string(),
                    .problem = "neither a .npy nor a .csv file",
                    .remedy = "give a NumPy matrix or a table of intervals, by its usual ending"}};
}

}  // namespace

Method<Availability> trace_availability() {
  return {
      .name = "trace",
      .summary = "as devices were observed, over and over",
      .parameters = {{.name = "path",
                      .standard = std::string{},
                      .meaning = "a .npy matrix [time steps, devices] of 0, 1 and NaN, or a .csv file device,from,to "
                                 "in seconds"},
                     {.name = "unknown",
                      .standard = std::string{"away"},
                      .meaning = "what NaN means in a matrix: away, or hold for what was known last",
                      .choices = {"away", "hold"}},
                     {.name = "step",
                      .standard = 30.0,
                      .meaning = "minutes between the rows of a matrix",
                      .least = 0.001,
                      .most = 1e4},
                     {.name = "length",
                      .standard = 0.0,
                      .meaning = "hours of the trace that count, from its beginning; 0 for all of it",
                      .least = 0,
                      .most = 1e6},
                     {.name = "shift",
                      .standard = true,
                      .meaning = "whether each client begins at a place of its own in the trace"}},
      .make = [](const Parameters& completed) -> std::unique_ptr<Availability> {
        return std::make_unique<Trace>(read(completed), flag(completed, "shift"));
      }};
}

}  // namespace edgefuse::sim
