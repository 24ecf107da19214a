#include "app/run/round_simulation.hpp"

#include <algorithm>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::app {

RoundSimulation::RoundSimulation(std::uint32_t clients, const ServerCapacity& capacity, server::Protocol& protocol,
                                 RoundHooks hooks)
    : simulator_{clients + 3},
      protocol_{protocol},
      hooks_{std::move(hooks)},
      server_{clients},
      downloads_{sim::SharedLink{capacity.down}, clients + 1, EventKind::download_done},
      uploads_{sim::SharedLink{capacity.up}, clients + 2, EventKind::upload_done} {}

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
      uploads_.link.start(simulator_.now(), event.actor, plan.upload, hooks_.link(event.actor).up);
      return await_next_end(uploads_);
    }
    case EventKind::upload_done:
      participation(event.actor).returned = simulator_.now();
      return follow(protocol_.ended());
    case EventKind::fuse:
      return fuse();
    case EventKind::transfers_sent:
      return finish_transfers(event.actor == downloads_.actor ? downloads_ : uploads_);
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
    downloads_.link.start(simulator_.now(), plan.client, plan.download, hooks_.link(plan.client).down);
  await_next_end(downloads_);
  follow(protocol_.started(static_cast<std::int64_t>(current_.participations.size())));
}

void RoundSimulation::fuse() {
  current_.end = simulator_.now();
  hooks_.fused(current_);
  follow(protocol_.fused(++ended_));
}

void RoundSimulation::finish_transfers(Direction& direction) {
  for (const auto client : direction.link.take_ended(simulator_.now()))
    schedule_client(client, hooks_.link(client).latency, direction.arrival);
  await_next_end(direction);
}

void RoundSimulation::await_next_end(Direction& direction) {
  simulator_.cancel(direction.actor);
  if (const auto end = direction.link.next_end())
    simulator_.schedule(*end, sim::Phase::completion, direction.actor, EventKind::transfers_sent);
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
