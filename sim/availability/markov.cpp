#include "sim/availability/markov.hpp"

#include <memory>

#include "sim/availability/dealing.hpp"
#include "sim/availability/poisson_instants.hpp"
#include "sim/availability/ticks.hpp"

namespace edgefuse::sim {
namespace {

/// Uniformisation, split by outcome. At the instants of a Poisson process of rate a + b the state is drawn anew, there
/// with probability b / (a + b): a stay ends at the first draw of "away", so at rate a; an absence at rate b. The draws
/// of either outcome are two independent Poisson processes of rates a and b, and the state is the outcome drawn last.
class Markov final : public Availability {
 public:
  explicit Markov(const Parameters& parameters)
      : Markov{ticks(hours(number(parameters, "mean_there"))), ticks(hours(number(parameters, "mean_away")))} {}

  [[nodiscard]] Presence presence(std::uint64_t seed, std::uint32_t client, SimTime at) const override {
    const bool now = there(seed, client, at);
    // An instant that is of both outcomes leaves a client away, so the next "there" need not bring it.
    const auto& opposite = now ? away_ : there_;
    auto until = opposite.next(seed, client, at);
    while (until != SimTime::never() && there(seed, client, until) == now)
      until = opposite.next(seed, client, until);
    return {.there = now, .until = until};
  }

 private:
  Markov(std::int64_t mean_there, std::int64_t mean_away)
      : share_{static_cast<double>(mean_there) / (static_cast<double>(mean_there) + static_cast<double>(mean_away))},
        there_{mean_away, 0, 2},
        away_{mean_there, 1, 2} {}

  [[nodiscard]] bool there(std::uint64_t seed, std::uint32_t client, SimTime at) const {
    const auto last_there = there_.last(seed, client, at);
    const auto last_away = away_.last(seed, client, at);
    if (!last_there && !last_away) return dealt(seed, client).uniform() < share_;
    return last_there > last_away;  // none is earlier than any
  }

  double share_;  // of time there, b / (a + b)
  PoissonInstants there_;
  PoissonInstants away_;
};

constexpr double least_mean = 0.01;  // hours: 36 s, so that a cell's number fits a stream's round
constexpr double most_mean = 1e6;

}  // namespace

Method<Availability> markov_availability() {
  return {.name = "markov",
          .summary = "comes and goes as a two-state Markov chain in continuous time",
          .parameters = {{.name = "mean_there",
                          .standard = 8.0,
                          .meaning = "mean length of a stay, hours",
                          .least = least_mean,
                          .most = most_mean},
                         {.name = "mean_away",
                          .standard = 16.0,
                          .meaning = "mean length of an absence, hours",
                          .least = least_mean,
                          .most = most_mean}},
          .make = [](const Parameters& completed) -> std::unique_ptr<Availability> {
            return std::make_unique<Markov>(completed);
          }};
}

}  // namespace edgefuse::sim
