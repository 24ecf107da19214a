#include "clients/policy/joint.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "clients/policy/allocation.hpp"
#include "clients/policy/cohort.hpp"
#include "clients/policy/fit.hpp"
#include "clients/policy/shares.hpp"

namespace edgefuse::clients {
namespace {

constexpr int most_turns = 50;
constexpr double progress = 1e-6;  // relative, of the latency: less is none

/// One of the cohort that takes part, and its prospects that fit its memory.
struct Member {
  std::size_t place = 0;  // in the cohort
  std::vector<std::size_t> fitting;
};

std::vector<std::size_t> fitting(std::span<const Prospect> prospects, const Chooser& client) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < prospects.size(); ++i)
    if (prospects[i].peak_memory <= client.memory) places.push_back(i);
  return places;
}

Option option(const Prospect& prospect, Seconds time) {
  return {.time = time, .kept = prospect.kept, .size = size_of(prospect)};
}

/// A choice, and why it is not a larger one.
Choice told(std::span<const Prospect> prospects, const Chooser& client, std::size_t chosen) {
  auto largest = Fit{}.choose(prospects, client);
  if (largest.prospect == chosen) return largest;
  return {.prospect = chosen, .binding = "latency"};
}

/// The members of a cohort, and the two blocks that are optimised in turn.
class Blocks {
 public:
  Blocks(const Cohort& cohort, std::span<const Member> members) : cohort_{cohort}, members_{members} {}

  [[nodiscard]] std::vector<sim::RateCaps> fair() const {
    std::vector<sim::Link> links;
    for (const auto& member : members_)
      links.push_back(cohort_.invited[member.place].link);
    return fair_shares(links, cohort_.server);
  }
  /// Given rates: who trains what.
  [[nodiscard]] Allocation ratios(std::span<const sim::RateCaps> rates, double keep) const {
    std::vector<std::vector<Option>> options(members_.size());
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const auto& invited = cohort_.invited[members_[m].place];
      const auto link = sim::capped(invited.link, rates[m]);
      for (const auto p : members_[m].fitting)
        options[m].push_back(
            option(invited.prospects[p], time_over(link, invited.prospects[p], cohort_.message_overhead)));
    }
    return allocate(options, keep);
  }
  /// Given what everybody trains: rates.
  [[nodiscard]] std::vector<sim::RateCaps> shares(const Allocation& allocation) const {
    return equal_finish(demands(allocation), cohort_.server);
  }
  [[nodiscard]] std::size_t prospect(const Allocation& allocation, std::size_t member) const {
    return members_[member].fitting[allocation.options[member]];
  }

 private:
  [[nodiscard]] std::vector<Demand> demands(const Allocation& allocation) const {
    std::vector<Demand> all;
    for (std::size_t m = 0; m < members_.size(); ++m) {
      const auto& [client, prospects, link] = cohort_.invited[members_[m].place];
      const auto& chosen = prospects[prospect(allocation, m)];
      all.push_back({.down = chosen.download + cohort_.message_overhead,
                     .up = chosen.upload + cohort_.message_overhead,
                     .rest = chosen.compute + 2 * link.latency,
                     .link = link});
    }
    return all;
  }

  const Cohort& cohort_;
  std::span<const Member> members_;
};

class Joint final : public RatioPolicy {
 public:
  Joint(double keep, bool bandwidth) : keep_{keep}, bandwidth_{bandwidth} {}

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, const Chooser& client) const override {
    const auto places = fitting(prospects, client);
    if (places.empty()) return Fit{}.choose(prospects, client);
    std::vector<std::vector<Option>> options(1);
    for (const auto p : places)
      options.front().push_back(option(prospects[p], prospects[p].time));
    const auto alone = allocate(options, keep_);
    return told(prospects, client, places[alone.options.front()]);
  }

  [[nodiscard]] bool chooses_together() const override { return true; }

  [[nodiscard]] std::vector<Choice> choose_together(const Cohort& cohort) const override {
    std::vector<Choice> choices(cohort.invited.size());
    std::vector<Member> members;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const auto& invited = cohort.invited[i];
      auto places = fitting(invited.prospects, invited.client);
      if (places.empty()) {
        choices[i] = Fit{}.choose(invited.prospects, invited.client);
      } else {
        members.push_back({i, std::move(places)});
      }
    }
    const Blocks blocks{cohort, members};
    const auto [allocation, caps] = allocated(blocks, members.size());
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto& invited = cohort.invited[members[m].place];
      auto& choice = choices[members[m].place];
      choice = told(invited.prospects, invited.client, blocks.prospect(allocation, m));
      choice.caps = caps[m];
    }
    return choices;
  }

 private:
  /// By block-coordinate descent: neither step ever makes the latency longer.
  [[nodiscard]] std::pair<Allocation, std::vector<sim::RateCaps>> allocated(const Blocks& blocks,
                                                                            std::size_t members) const {
    std::vector<sim::RateCaps> caps(members);
    auto allocation = blocks.ratios(blocks.fair(), keep_);
    for (int turn = 0; bandwidth_ && turn < most_turns; ++turn) {
      caps = blocks.shares(allocation);
      auto next = blocks.ratios(caps, keep_);
      const bool done = next.latest >= (1 - progress) * allocation.latest;
      allocation = std::move(next);
      if (done) break;
    }
    return {std::move(allocation), std::move(caps)};
  }

  double keep_;
  bool bandwidth_;
};

}  // namespace

Method<RatioPolicy> joint() {
  return {.name = "joint",
          .summary = "those invited together get what lets the last of them be back first (after JCPBA)",
          .parameters = {{.name = "keep",
                          .standard = 0.7,
                          .meaning = "share of the base's parameters that they keep on the average, at least",
                          .least = 0,
                          .most = 1},
                         {.name = "bandwidth",
                          .standard = std::string{"allocated"},
                          .meaning = "whether the server's link is allocated with the ratios, or shared as always",
                          .choices = {"allocated", "shared"}}},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Joint>(number(p, "keep"), word(p, "bandwidth") == "allocated");
          }};
}

}  // namespace edgefuse::clients
