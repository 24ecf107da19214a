#include "sim/availability/diurnal.hpp"

#include <array>
#include <memory>

#include "sim/availability/cycle.hpp"
#include "sim/availability/dealing.hpp"
#include "sim/availability/ticks.hpp"
#include "sim/error.hpp"

namespace edgefuse::sim {
namespace {

constexpr std::int64_t day = 24 * std::int64_t{3'600'000'000'000};

class Diurnal final : public Availability {
 public:
  explicit Diurnal(const Parameters& parameters)
      : from_{ticks(hours(number(parameters, "from")))},
        zones_{static_cast<std::int64_t>(number(parameters, "zones"))},
        jitter_{hours(number(parameters, "jitter"))},
        window_{window(from_, ticks(hours(number(parameters, "to"))))} {}

  [[nodiscard]] Presence presence(std::uint64_t seed, std::uint32_t client, SimTime at) const override {
    auto draws = dealt(seed, client);
    const auto zone = static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(zones_)));
    const auto shift = ticks((2 * draws.uniform() - 1) * jitter_);
    const auto since_from = (zone * day / zones_ - from_ - shift) % day;
    return window_.at(at, since_from < 0 ? since_from + day : since_from);
  }

 private:
  /// One day that begins with the window; across midnight if it ends at an earlier hour than it begins.
  static Cycle window(std::int64_t from, std::int64_t to) {
    const auto length = to < from ? to - from + day : to - from;
    if (length == 0)
      throw InputError{{.key = "to",
                        .problem = "the window ends at the hour it begins, so nobody is ever there",
                        .remedy = "give another hour, or from = 0 and to = 24 for the whole day"}};
    return Cycle{day, std::array{Stay{0, length}}};
  }

  std::int64_t from_;  // nanoseconds after midnight
  std::int64_t zones_;
  Seconds jitter_;
  Cycle window_;
};

}  // namespace

Method<Availability> diurnal_availability() {
  return {
      .name = "diurnal",
      .summary = "every day between two local hours",
      .parameters =
          {{.name = "from", .standard = 22.0, .meaning = "local hour at which a client comes", .least = 0, .most = 24},
           {.name = "to",
            .standard = 6.0,
            .meaning = "local hour at which it goes, the next day if that is earlier",
            .least = 0,
            .most = 24},
           {.name = "zones",
            .standard = 1.0,
            .meaning = "time zones, equally spaced over 24 hours; each client lives in one of them at random",
            .least = 1,
            .most = 1440,
            .whole = true},
           {.name = "jitter",
            .standard = 0.0,
            .meaning = "hours by which each client's window is shifted at most, either way",
            .least = 0,
            .most = 12}},
      .make = [](const Parameters& completed) -> std::unique_ptr<Availability> {
        return std::make_unique<Diurnal>(completed);
      }};
}

}  // namespace edgefuse::sim
