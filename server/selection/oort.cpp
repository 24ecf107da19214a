#include "server/selection/oort.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "server/selection/eligible.hpp"
#include "server/selection/uniform_sample.hpp"
#include "server/selection/weighted_sample.hpp"

namespace edgefuse::server {
namespace {

using Clients = std::vector<std::uint32_t>;

struct Settings {
  double alpha, exploration, exploration_decay, exploration_floor, cutoff, clip, pacer, pacer_step, pacer_window;
};

/// The value at place floor(q n) of n > 0 in rising order, or the largest.
double quantile(std::vector<double> values, double q) {
  const auto place = std::min(static_cast<std::size_t>(q * static_cast<double>(values.size())), values.size() - 1);
  const auto it = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::ranges::nth_element(values, it);
  return *it;
}

/// A client some of whose updates were fused, and U = |B| times the loss.
struct Explored {
  std::uint32_t client = 0;
  const ClientRecord* record = nullptr;
  double usefulness = 0;
};

class Oort final : public Selection {
 public:
  explicit Oort(Settings settings) : s_{settings} {}
  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override;
  [[nodiscard]] bool needs_losses() const override { return true; }

 private:
  [[nodiscard]] Seconds preferred_time(const SelectionRequest& request) const;
  [[nodiscard]] std::vector<WeightedClient> by_utility(const std::vector<Explored>& explored, Seconds preferred,
                                                       double round) const;
  [[nodiscard]] std::uint64_t places_to_exploit(std::uint64_t count, double round, sim::Draws& draws) const;
  [[nodiscard]] Clients exploit(std::vector<WeightedClient> ranked, std::uint64_t places, sim::Draws& draws) const;

  Settings s_;
};

double round_of(const SelectionRequest& request) {
  return std::max(1.0, static_cast<double>(request.invitation));
}

/// T: the time within which `pacer` of all clients seen came back, a share raised by `pacer_step` at every
/// `pacer_window` invitations.
Seconds Oort::preferred_time(const SelectionRequest& request) const {
  const double share = s_.pacer + s_.pacer_step * std::floor((round_of(request) - 1) / s_.pacer_window);
  std::vector<double> times;
  if (request.history != nullptr)
    for (const auto& [client, record] : request.history->clients())
      if (record.returned > 0) times.push_back(record.took.value);
  if (share >= 1 || times.empty()) return Seconds{std::numeric_limits<double>::infinity()};
  return Seconds{quantile(std::move(times), share)};
}

std::vector<WeightedClient> Oort::by_utility(const std::vector<Explored>& explored, Seconds preferred,
                                             double round) const {
  if (explored.empty()) return {};
  std::vector<double> usefulness;
  for (const auto& client : explored)
    usefulness.push_back(client.usefulness);
  const double most = quantile(std::move(usefulness), s_.clip);

  std::vector<WeightedClient> ranked;
  for (const auto& [client, record, useful] : explored) {
    double utility = most > 0 ? std::min(useful, most) / most : 0;
    utility += std::sqrt(0.1 * std::log(round) / static_cast<double>(record->last_start));
    if (record->took > preferred) utility *= std::pow(preferred / record->took, s_.alpha);
    ranked.push_back({.client = client, .weight = utility});
  }
  std::ranges::stable_sort(ranked, std::greater{}, &WeightedClient::weight);
  return ranked;
}

/// (1 - epsilon) count, rounded up with the probability of its fraction: one place at a time would otherwise always be
/// explored.
std::uint64_t Oort::places_to_exploit(std::uint64_t count, double round, sim::Draws& draws) const {
  const double epsilon = std::max(s_.exploration_floor, s_.exploration * std::pow(s_.exploration_decay, round - 1));
  const double places = (1 - std::min(1.0, epsilon)) * static_cast<double>(count);
  const double whole = std::floor(places);
  return static_cast<std::uint64_t>(whole) + (draws.uniform() < places - whole ? 1 : 0);
}

Clients Oort::exploit(std::vector<WeightedClient> ranked, std::uint64_t places, sim::Draws& draws) const {
  if (places == 0) return {};
  const double least = s_.cutoff * ranked[static_cast<std::size_t>(places) - 1].weight;
  std::erase_if(ranked, [&](const WeightedClient& client) { return client.weight < least; });
  return weighted_sample(ranked, places, draws);
}

std::vector<std::uint32_t> Oort::select(const SelectionRequest& request) const {
  std::vector<Explored> explored;
  std::vector<WeightedClient> unexplored;
  for_eligible(request, [&](std::uint32_t client, const ClientRecord* record) {
    if (record != nullptr && record->loss)
      explored.push_back({.client = client,
                          .record = record,
                          .usefulness = std::max(0.0, static_cast<double>(record->examples) * *record->loss)});
    else
      unexplored.push_back({.client = client, .weight = 1 / request.predicted(client).value});
  });

  auto draws = selection_draws(request);
  const std::uint64_t count = request.count;
  const double round = round_of(request);
  auto exploited = std::min<std::uint64_t>(places_to_exploit(count, round, draws), explored.size());
  const auto explored_now = std::min<std::uint64_t>(count - exploited, unexplored.size());
  exploited = std::min<std::uint64_t>(count - explored_now, explored.size());

  auto chosen = exploit(by_utility(explored, preferred_time(request), round), exploited, draws);
  std::ranges::copy(weighted_sample(unexplored, explored_now, draws), std::back_inserter(chosen));
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace

Method<Selection> oort_selection() {
  const auto share = [](std::string name, double standard, std::string meaning) -> ParameterSpec {
    return {.name = std::move(name), .standard = standard, .meaning = std::move(meaning), .least = 0, .most = 1};
  };
  return {.name = "oort",
          .summary = "useful and fast clients, and a share of unknown ones (Oort, 2010.06081)",
          .parameters = {{.name = "alpha",
                          .standard = 2.0,
                          .meaning = "exponent of the penalty on clients slower than the preferred time; 0 is none",
                          .least = 0,
                          .most = 16},
                         share("exploration", 0.9, "share of places for unknown clients at the first invitation"),
                         share("exploration_decay", 0.98, "factor on that share from one invitation to the next"),
                         share("exploration_floor", 0.2, "what that share does not fall below"),
                         share("cutoff", 0.95, "share of the utility of the last place that still admits"),
                         share("clip", 0.95, "quantile of usefulness above which more counts no more"),
                         share("pacer", 0.3, "share of the clients seen that the preferred time lets come back"),
                         share("pacer_step", 0.05, "what is added to that share at every window; at 1 no time is set"),
                         {.name = "pacer_window",
                          .standard = 20.0,
                          .meaning = "invitations in a window of the pacer",
                          .least = 1,
                          .most = 1e9,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<Selection> {
            return std::make_unique<Oort>(Settings{.alpha = number(p, "alpha"),
                                                   .exploration = number(p, "exploration"),
                                                   .exploration_decay = number(p, "exploration_decay"),
                                                   .exploration_floor = number(p, "exploration_floor"),
                                                   .cutoff = number(p, "cutoff"),
                                                   .clip = number(p, "clip"),
                                                   .pacer = number(p, "pacer"),
                                                   .pacer_step = number(p, "pacer_step"),
                                                   .pacer_window = number(p, "pacer_window")});
          }};
}

}  // namespace edgefuse::server
