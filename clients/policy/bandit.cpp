#include "clients/policy/bandit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numbers>
#include <utility>

#include "clients/policy/cohort.hpp"
#include "clients/policy/fit.hpp"

namespace edgefuse::clients {
namespace {

/// What is played: a ratio and a rank.
using ArmName = std::pair<double, std::int64_t>;
ArmName arm_of(const Prospect& prospect) {
  return {prospect.ratio, prospect.rank};
}

struct Arm {
  std::int64_t plays = 0;
  double reward = 0;  // of all plays together, nats per second
};

/// What a device class knows.
struct Arms {
  std::map<ArmName, Arm> arms;
  std::int64_t plays = 0;
  double most = 0;  // the largest reward so far: what all of them are measured by
};

/// Plays that have been given out and not come to an end, by device class.
using Pending = std::map<std::uint32_t, std::map<ArmName, std::int64_t>>;

class Bandit final : public RatioPolicy {
 public:
  explicit Bandit(double exploration) : exploration_{exploration} {}

  [[nodiscard]] bool needs_losses() const override { return true; }
  [[nodiscard]] bool chooses_together() const override { return true; }

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, const Chooser& client) const override {
    return choose(prospects, client, {});
  }

  /// Those of one device class count what the ones before them were given as played.
  [[nodiscard]] std::vector<Choice> choose_together(const Cohort& cohort) const override {
    Pending pending;
    std::vector<Choice> choices;
    for (const auto& [client, prospects, link] : cohort.invited) {
      auto& given = pending[client.device_class];
      choices.push_back(choose(prospects, client, given));
      if (const auto chosen = choices.back().prospect) ++given[arm_of(prospects[*chosen])];
    }
    return choices;
  }

  void observe(const Experience& experience) override {
    auto& known = classes_[experience.device_class];
    auto& arm = known.arms[{experience.ratio, experience.rank}];
    const double reward = experience.gain > 0 ? experience.gain / experience.took.value : 0;
    ++arm.plays;
    ++known.plays;
    arm.reward += reward;
    known.most = std::max(known.most, reward);
  }

 private:
  using Given = Pending::mapped_type;

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, const Chooser& client, const Given& given) const {
    auto largest = Fit{}.choose(prospects, client);
    if (!largest.prospect) return largest;
    const auto found = classes_.find(client.device_class);
    const Arms nothing;
    const Arms& known = found == classes_.end() ? nothing : found->second;
    std::int64_t plays = known.plays;
    for (const auto& [arm, times] : given)
      plays += times;
    std::optional<std::size_t> best;
    double most = 0;
    for (std::size_t i = 0; i < prospects.size(); ++i) {
      if (prospects[i].peak_memory > client.memory) continue;
      const double bound = upper_bound(known, given, arm_of(prospects[i]), plays);
      if (best && bound <= most) continue;
      best = i;
      most = bound;
    }
    if (best == largest.prospect) return largest;
    return {.prospect = best, .binding = "bandit"};
  }

  /// Infinite for an arm that was never played.
  [[nodiscard]] double upper_bound(const Arms& known, const Given& given, const ArmName& name,
                                   std::int64_t plays) const {
    const auto found = known.arms.find(name);
    const Arm arm = found == known.arms.end() ? Arm{} : found->second;
    const auto waiting = given.find(name);
    const auto n = static_cast<double>(arm.plays + (waiting == given.end() ? 0 : waiting->second));
    if (n == 0) return std::numeric_limits<double>::infinity();
    const double mean = arm.plays > 0 && known.most > 0 ? arm.reward / static_cast<double>(arm.plays) / known.most : 0;
    return mean + exploration_ * std::sqrt(std::log(static_cast<double>(plays)) / n);
  }

  double exploration_;
  std::map<std::uint32_t, Arms> classes_;
};

}  // namespace

Method<RatioPolicy> bandit() {
  return {.name = "bandit",
          .summary =
              "of what fits its memory, what its device class has found to lower the loss fastest, and what it "
              "knows little of (UCB1, after FedSpine)",
          .parameters = {{.name = "exploration",
                          .standard = std::numbers::sqrt2,
                          .meaning = "weight of what is not known against what is",
                          .least = 0,
                          .most = 1000}},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Bandit>(number(p, "exploration"));
          }};
}

}  // namespace edgefuse::clients
