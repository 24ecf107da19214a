#include "clients/policy/fit.hpp"

#include <memory>
#include <string_view>

namespace edgefuse::clients {
namespace {

constexpr std::string_view within = "none";

ParameterSpec deadline_parameter() {
  return {.name = "deadline",
          .standard = 600.0,
          .meaning = "seconds from the invitation to the update's arrival, by the client's own plan",
          .least = 1e-3,
          .most = 1e9};
}

ParameterSpec energy_parameter() {
  return {.name = "energy",
          .standard = 1000.0,
          .meaning = "joules that the device may draw for computing and transfers, by its own plan",
          .least = 1e-6,
          .most = 1e12};
}

}  // namespace

Choice Fit::choose(std::span<const Prospect> prospects, const Chooser& client) const {
  const Prospect* best = nullptr;
  for (const auto& prospect : prospects)
    if (exceeded(prospect, client.memory) == within && (best == nullptr || size_of(prospect) > size_of(*best)))
      best = &prospect;
  // What stands in the way is what the next larger one exceeds; without any, what the smallest does.
  const Prospect* next = nullptr;
  for (const auto& prospect : prospects) {
    const bool larger = best == nullptr || size_of(prospect) > size_of(*best);
    if (larger && (next == nullptr || size_of(prospect) < size_of(*next))) next = &prospect;
  }
  Choice choice{.prospect = {}, .binding = next == nullptr ? std::string{within} : exceeded(*next, client.memory)};
  if (best != nullptr) {
    choice.prospect = static_cast<std::size_t>(best - prospects.data());
  } else {
    choice.refused = static_cast<std::size_t>(next - prospects.data());
  }
  return choice;
}

const char* Fit::exceeded(const Prospect& prospect, Bytes memory) const {
  if (prospect.peak_memory > memory) return "memory";
  if (prospect.time > budgets_.time) return "deadline";
  if (prospect.energy > budgets_.energy) return "energy";
  return within.data();
}

Method<RatioPolicy> fit_memory() {
  return {.name = "fit-memory",
          .summary =
              "the largest variant, and of it the largest rank, whose predicted peak memory fits the client's budget",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<RatioPolicy> { return std::make_unique<Fit>(); }};
}

Method<RatioPolicy> fit_deadline() {
  return {.name = "fit-deadline",
          .summary = "the largest of those that fits its memory and is back before a deadline",
          .parameters = {deadline_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Fit>(Budgets{.time = Seconds{number(p, "deadline")}});
          }};
}

Method<RatioPolicy> fit_energy() {
  return {.name = "fit-energy",
          .summary = "the largest of those that fits its memory and draws no more than a budget of energy",
          .parameters = {energy_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Fit>(Budgets{.energy = Joules{number(p, "energy")}});
          }};
}

Method<RatioPolicy> fit_all() {
  return {.name = "fit-all",
          .summary = "the largest within memory, deadline and energy",
          .parameters = {deadline_parameter(), energy_parameter()},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Fit>(
                Budgets{.time = Seconds{number(p, "deadline")}, .energy = Joules{number(p, "energy")}});
          }};
}

}  // namespace edgefuse::clients
