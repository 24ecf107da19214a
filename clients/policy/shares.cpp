#include "clients/policy/shares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace edgefuse::clients {
namespace {

using sim::RateCaps;

constexpr double unlimited = std::numeric_limits<double>::infinity();
constexpr double closeness = 1e-9;     // relative, of the time found
constexpr double least_price = 1e-15;  // of the uplink, if the downlink's is 1
constexpr double most_price = 1e15;
constexpr int halvings = 100;

/// The level L with Σ min(rate, L) = capacity, or none.
double fair_level(std::vector<double> rates, double capacity) {
  std::ranges::sort(rates);
  auto sharing = static_cast<double>(rates.size());
  for (const double rate : rates) {
    if (rate * sharing >= capacity) return capacity / sharing;
    capacity -= rate;
    --sharing;
  }
  return unlimited;
}

RateCaps own(const Demand& demand) {
  return {.up = demand.link.up, .down = demand.link.down};
}

RateCaps sum(std::span<const RateCaps> rates) {
  RateCaps total{.up = {}, .down = {}};
  for (const auto& r : rates) {
    total.up += r.up;
    total.down += r.down;
  }
  return total;
}

/// What this client takes to be done in time at that price, which its own link allows.
RateCaps cheapest(const Demand& demand, Seconds by, double price) {
  const double tau = (by - demand.rest).value;
  const double d = demand.down.value;
  const double u = demand.up.value;
  const auto most = own(demand);
  const double x = (d + std::sqrt(price * d * u)) / tau;
  if (!(x < most.down.value))
    return {.up = std::min(most.up, BytesPerSecond{u / (tau - d / most.down.value)}), .down = most.down};
  const double y = (u + std::sqrt(d * u / price)) / tau;
  if (!(y < most.up.value))
    return {.up = most.up, .down = std::min(most.down, BytesPerSecond{d / (tau - u / most.up.value)})};
  return {.up = BytesPerSecond{y}, .down = BytesPerSecond{x}};
}

/// Rates that are within the server's and get everybody done in time, if there are any.
class InTime {
 public:
  InTime(std::span<const Demand> demands, const RateCaps& server) : demands_{demands}, server_{server} {
    std::vector<RateCaps> rates;
    for (const auto& demand : demands)
      rates.push_back(own(demand));
    const auto all = sum(rates);
    scarce_down_ = all.down > server.down;
    scarce_up_ = all.up > server.up;
  }

  [[nodiscard]] bool scarce_down() const { return scarce_down_; }
  [[nodiscard]] bool scarce_up() const { return scarce_up_; }

  [[nodiscard]] std::optional<std::vector<RateCaps>> at(Seconds by) const {
    if (!scarce_up_) return if_enough(by, 0);
    if (!scarce_down_) return if_enough(by, unlimited);
    // The least price at which the uplink is enough leaves the most of the downlink.
    double low = std::log(least_price);
    double high = std::log(most_price);
    if (sum(rates(by, most_price)).up > server_.up) return std::nullopt;
    for (int i = 0; i < halvings && high - low > closeness; ++i) {
      const double middle = (low + high) / 2;
      (sum(rates(by, std::exp(middle))).up > server_.up ? low : high) = middle;
    }
    return if_enough(by, std::exp(high));
  }

 private:
  [[nodiscard]] std::vector<RateCaps> rates(Seconds by, double price) const {
    std::vector<RateCaps> made;
    for (const auto& demand : demands_)
      made.push_back(cheapest(demand, by, price));
    return made;
  }
  [[nodiscard]] std::optional<std::vector<RateCaps>> if_enough(Seconds by, double price) const {
    auto made = rates(by, price);
    const auto all = sum(made);
    if (all.up > server_.up && scarce_up_) return std::nullopt;
    if (all.down > server_.down && scarce_down_) return std::nullopt;
    return made;
  }

  std::span<const Demand> demands_;
  RateCaps server_;
  bool scarce_down_ = false;
  bool scarce_up_ = false;
};

}  // namespace

std::vector<RateCaps> fair_shares(std::span<const sim::Link> links, const RateCaps& server) {
  std::vector<double> down;
  std::vector<double> up;
  for (const auto& link : links) {
    down.push_back(link.down.value);
    up.push_back(link.up.value);
  }
  const BytesPerSecond most_down{fair_level(down, server.down.value)};
  const BytesPerSecond most_up{fair_level(up, server.up.value)};
  std::vector<RateCaps> shares;
  for (const auto& link : links)
    shares.push_back({.up = std::min(link.up, most_up), .down = std::min(link.down, most_down)});
  return shares;
}

std::vector<RateCaps> equal_finish(std::span<const Demand> demands, const RateCaps& server) {
  const InTime in_time{demands, server};
  std::vector<sim::Link> links;
  for (const auto& demand : demands)
    links.push_back(demand.link);
  auto best = fair_shares(links, server);
  Seconds low{};
  Seconds high{};
  for (std::size_t i = 0; i < demands.size(); ++i) {
    low = std::max(low, demands[i].done(own(demands[i])));
    high = std::max(high, demands[i].done(best[i]));
  }
  while (in_time.scarce_down() + in_time.scarce_up() > 0 && high - low > closeness * high) {
    const auto middle = (low + high) / 2;
    if (auto rates = in_time.at(middle)) {
      best = std::move(*rates);
      high = middle;
    } else {
      low = middle;
    }
  }
  for (auto& caps : best) {
    if (!in_time.scarce_down()) caps.down = BytesPerSecond{unlimited};
    if (!in_time.scarce_up()) caps.up = BytesPerSecond{unlimited};
  }
  return best;
}

}  // namespace edgefuse::clients
