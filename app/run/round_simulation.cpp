#include "app/run/round_simulation.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

using Fusion = server::Decision::Fusion;

/// A client's fates, as error messages tell them.
constexpr std::array<std::string_view, 7> fate_words = {
    "returned", "arrived damaged", "left", "crashed", "ran out of power", "were called off", "were discarded"};

std::string told(const std::vector<Participation>& participations) {
  std::array<std::int64_t, fate_words.size()> counts{};
  for (const auto& participation : participations)
    ++counts[static_cast<std::size_t>(participation.fate)];
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[i], fate_words[i]);
  return text;
}

}  // namespace

RoundSimulation::RoundSimulation(std::uint32_t clients, const NetworkSpec& network, server::Protocol& protocol,
                                 RoundHooks hooks)
    : clients_{clients},
      alarm_{clients + 1},
      inviter_{clients + 2},
      simulator_{clients + 3 + Journeys::actors(network)},
      protocol_{protocol},
      hooks_{std::move(hooks)},
      journeys_{simulator_,
                clients + 3,
                network,
                {.path = hooks_.path,
                 .cell = hooks_.cell,
                 .course = hooks_.course,
                 .computed = hooks_.computed,
                 .ended = [this](Participation&& ended) { take_in(std::move(ended)); }}} {
  current_.round = 1;
}

void RoundSimulation::run() {
  follow(protocol_.begin());
  simulator_.run([this](const sim::Event& event, EventKind kind) {
    hooks_.observed(event);
    handle(event, kind);
  });
  if (!finished_) give_up("nobody is on the way, and nobody will be there again", "look at availability and batteries");
}

std::int64_t RoundSimulation::recorded_actor(std::uint32_t actor) const {
  if (actor < clients_) return actor;
  return actor <= inviter_ ? -1 : std::int64_t{inviter_} - actor - 1;
}

void RoundSimulation::handle(const sim::Event& event, EventKind kind) {
  switch (kind) {
    case EventKind::begin_round:
    case EventKind::clients_came:
      return invite();
    case EventKind::fuse:
      return fuse();
    case EventKind::time_up:
      return follow(protocol_.woke());
    default:
      return journeys_.handle(event, kind);
  }
}

void RoundSimulation::follow(const server::Decision& decision) {
  if (decision.finish) {
    finished_ = true;
    return simulator_.stop();
  }
  if (decision.call_off) call_off();
  if (decision.fusion != Fusion::none) {
    discard_ = decision.fusion == Fusion::discard;
    simulator_.cancel(alarm_);
    simulator_.schedule(now(), sim::Phase::server, clients_, EventKind::fuse);
  }
  if (decision.wake) {
    simulator_.cancel(alarm_);
    simulator_.schedule(after(now(), *decision.wake), sim::Phase::server, alarm_, EventKind::time_up);
  }
  if (decision.invite > 0) {
    wish_ = decision;
    wanted_ += decision.invite;
    ask_inviter(now(), EventKind::begin_round);
  }
}

/// Whoever is called off after the last fusion belongs to its round: the protocol is asked first.
void RoundSimulation::fuse() {
  const auto next = protocol_.fused(++rounds_);
  if (next.finish) call_off();
  if (std::exchange(discard_, false))
    for (auto& participation : current_.participations)
      if (participation.fate == Fate::returned) participation.fate = Fate::discarded;
  current_.end = now();
  current_.server_down += journeys_.server_down();
  current_.server_up += journeys_.server_up();
  std::ranges::sort(current_.participations, {}, [](const Participation& p) {
    return std::tuple{p.plan.client, p.invitation};
  });
  std::ranges::sort(current_.sat_out);
  const auto version = hooks_.fused(current_);
  current_ = {.round = rounds_ + 1,
              .version = version,
              .start = now(),
              .end = {},
              .participations = {},
              .sat_out = {},
              .server_down = -1.0 * journeys_.server_down(),
              .server_up = -1.0 * journeys_.server_up()};
  follow(next);
}

void RoundSimulation::take_in(Participation&& ended) {
  hooks_.ended(ended);
  const auto fate = ended.fate;
  const auto client = ended.plan.client;
  current_.participations.push_back(std::move(ended));
  if (calling_off_) return;
  if (waiting_.is_kept()) waiting_.expect(client, now());
  require_progress();
  follow(fate == Fate::returned ? protocol_.returned() : protocol_.failed());
}

void RoundSimulation::call_off() {
  calling_off_ = true;
  journeys_.call_off();
  calling_off_ = false;
}

void RoundSimulation::invite() {
  const auto eligible = [this](std::uint32_t client) { return is_eligible(client); };
  std::vector<std::uint32_t> due;
  Among among;
  if (waiting_.is_kept()) among = due = waiting_.take_due(now());
  std::int64_t started = 0;
  for (bool again = true; again && wanted_ > 0;) {
    const auto chosen = hooks_.select(invitations_ + 1, wanted_, eligible, among);
    const bool few = static_cast<std::int64_t>(chosen.size()) < wish_.at_least;
    if (!wish_.keep_open && few && await_clients()) return;
    const auto now_started = start(chosen);
    started += now_started;
    wanted_ -= wish_.keep_open ? now_started : wanted_;
    // Who sat out gave no place away: others are asked.
    again = wish_.keep_open && now_started < static_cast<std::int64_t>(chosen.size());
  }
  if (wanted_ > 0) {
    keep_places_open(among);
  } else {
    waiting_.end();
  }
  follow(protocol_.started(started));
}

std::int64_t RoundSimulation::start(const std::vector<std::uint32_t>& chosen) {
  ++invitations_;
  if (journeys_.empty()) journeys_.begin_version();
  std::vector<Journeys::Start> starts;
  auto plans = hooks_.plans(chosen);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto client = chosen[i];
    auto& plan = plans[i];
    if (!plan) {
      current_.sat_out.push_back(client);
      if (wish_.keep_open) {
        unfit_.resize(clients_);
        unfit_[client] = true;
      }
      continue;
    }
    Participation participation{.plan = std::move(*plan),
                                .invitation = invitations_,
                                .version = current_.version,
                                .invited = now(),
                                .ended = {},
                                .did = {},
                                .course = {},
                                .stage_began = now()};
    hooks_.started(participation);
    starts.push_back({std::move(participation), hooks_.presence(client, now()).until});
  }
  const auto started = static_cast<std::int64_t>(starts.size());
  journeys_.begin(std::move(starts));
  return started;
}

bool RoundSimulation::may_be_asked(std::uint32_t client) const {
  return !journeys_.is_on_the_way(client) && (unfit_.empty() || !unfit_[client]);
}

bool RoundSimulation::is_eligible(std::uint32_t client) const {
  return may_be_asked(client) && hooks_.presence(client, now()).there;
}

bool RoundSimulation::await_clients() {
  std::int64_t there = 0;
  std::vector<SimTime> comings;
  for (std::uint32_t client = 0; client < clients_; ++client) {
    if (!may_be_asked(client)) continue;
    const auto presence = hooks_.presence(client, now());
    there += presence.there;
    if (!presence.there && presence.until != SimTime::never()) comings.push_back(presence.until);
  }
  if (there >= wish_.at_least) return false;  // the selector wanted no more
  const auto missing = wish_.at_least - there;
  if (static_cast<std::int64_t>(comings.size()) < missing) return true;  // who is on the way may change that
  const auto last = comings.begin() + missing - 1;
  std::ranges::nth_element(comings, last);
  ask_inviter(*last, EventKind::clients_came);
  return true;
}

/// Whom the selector passed over though they are there is looked at again when they go and come back.
void RoundSimulation::keep_places_open(const Among& looked_at) {
  const auto look_again = [this](std::uint32_t client) {
    if (!may_be_asked(client)) return;
    if (const auto until = hooks_.presence(client, now()).until; until != SimTime::never())
      waiting_.expect(client, until);
  };
  if (looked_at) {
    std::ranges::for_each(*looked_at, look_again);
  } else {
    waiting_.begin();
    for (std::uint32_t client = 0; client < clients_; ++client)
      look_again(client);
  }
  if (const auto next = waiting_.next()) ask_inviter(*next, EventKind::clients_came);
}

/// One question at a time: a later one takes the place of what was asked before.
void RoundSimulation::ask_inviter(SimTime at, EventKind kind) {
  simulator_.cancel(inviter_);
  simulator_.schedule(at, sim::Phase::server, inviter_, kind);
}

void RoundSimulation::require_progress() const {
  const auto ended = static_cast<std::int64_t>(current_.participations.size());
  if (ended > 10'000 + 10 * std::int64_t{clients_})
    give_up(fmt::format("of {} clients since the last fusion, {}", ended, told(current_.participations)),
            "make failures rarer, stays longer, or the buffer smaller");
}

void RoundSimulation::give_up(const std::string& reason, const std::string& remedy) const {
  throw RunError{fmt::format("after {} rounds, at {:.6g} s of virtual time, the run can get no further: {} ({})",
                             rounds_, now().since_start().value, reason, remedy)};
}

}  // namespace edgefuse::app
