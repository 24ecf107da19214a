#include "app/run/round_simulation.hpp"

#include <algorithm>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::app {

RoundSimulation::RoundSimulation(std::uint32_t clients, server::Protocol& protocol, RoundHooks hooks)
    : simulator_{clients + 1}, protocol_{protocol}, hooks_{std::move(hooks)}, server_{clients} {}

void RoundSimulation::run() {
  follow(protocol_.begin());
  simulator_.run([this](const sim::Event& event, EventKind kind) {
    hooks_.observed(event);
    handle(event, kind);
  });
}

void RoundSimulation::handle(const sim::Event& event, EventKind kind) {
  switch (kind) {
    case EventKind::begin_round:
      return begin_round(std::exchange(invitations_, 0));
    case EventKind::download_done:
      return schedule_client(event.actor, participation(event.actor).plan.compute, EventKind::compute_done);
    case EventKind::compute_done: {
      const auto& plan = participation(event.actor).plan;
      hooks_.trained(current_.round, plan);
      return schedule_client(event.actor, sim::upload_time(hooks_.link(event.actor), plan.upload),
                             EventKind::upload_done);
    }
    case EventKind::upload_done:
      participation(event.actor).returned = simulator_.now();
      return follow(protocol_.ended());
    case EventKind::fuse:
      return fuse();
  }
}

void RoundSimulation::follow(const server::Decision& decision) {
  if (decision.fuse) simulator_.schedule(simulator_.now(), sim::Phase::server, server_, EventKind::fuse);
  if (decision.invite > 0) {
    invitations_ = decision.invite;
    simulator_.schedule(simulator_.now(), sim::Phase::server, server_, EventKind::begin_round);
  }
}

void RoundSimulation::begin_round(std::int64_t invitations) {
  current_ = {};
  current_.round = ended_ + 1;
  current_.start = simulator_.now();
  auto invited = hooks_.select(current_.round, invitations);
  std::ranges::sort(invited);
  for (const auto client : invited) {
    if (auto plan = hooks_.plan(client)) {
      current_.participations.push_back({.plan = std::move(*plan), .invited = simulator_.now(), .returned = {}});
    } else {
      current_.sat_out.push_back(client);
    }
  }
  for (const auto& [plan, invited_at, returned] : current_.participations)
    schedule_client(plan.client, sim::download_time(hooks_.link(plan.client), plan.download), EventKind::download_done);
  follow(protocol_.started(static_cast<std::int64_t>(current_.participations.size())));
}

void RoundSimulation::fuse() {
  current_.end = simulator_.now();
  hooks_.fused(current_);
  follow(protocol_.fused(++ended_));
}

void RoundSimulation::schedule_client(std::uint32_t client, Seconds duration, EventKind kind) {
  simulator_.schedule(after(simulator_.now(), duration), sim::Phase::completion, client, kind);
}

Participation& RoundSimulation::participation(std::uint32_t client) {
  const auto found = std::ranges::lower_bound(current_.participations, client, {},
                                              [](const Participation& p) { return p.plan.client; });
  EDGEFUSE_EXPECTS(found != current_.participations.end() && found->plan.client == client,
                   "only clients of the current round have events");
  return *found;
}

}  // namespace edgefuse::app
