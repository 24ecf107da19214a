#include "app/run/journeys.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/expects.hpp"

namespace edgefuse::app {
namespace {

constexpr std::uint32_t directions = 4;
constexpr BytesPerSecond unlimited{std::numeric_limits<double>::infinity()};

/// The link all transfers of one direction share. Behind aggregators the server's link is another one.
sim::SharedLink shared_link(const NetworkSpec& network, BytesPerSecond server, BytesPerSecond CellCapacity::*rate) {
  if (network.cells.empty()) return sim::SharedLink{server};
  std::vector<BytesPerSecond> cells;
  for (const auto& cell : network.cells)
    cells.push_back(cell.*rate);
  return sim::SharedLink{network.aggregators ? unlimited : server, std::move(cells)};
}

}  // namespace

std::uint32_t Journeys::actors(const NetworkSpec& network) {
  if (!network.aggregators) return directions;
  return directions + static_cast<std::uint32_t>(network.cells.size() * (network.variants + 1));
}

Journeys::Journeys(sim::Simulator<EventKind>& simulator, std::uint32_t first_actor, NetworkSpec network,
                   JourneyHooks hooks)
    : simulator_{simulator},
      network_{std::move(network)},
      hooks_{std::move(hooks)},
      downloads_{simulator, first_actor, shared_link(network_, network_.down, &CellCapacity::down)},
      uploads_{simulator, first_actor + 1, shared_link(network_, network_.up, &CellCapacity::up)},
      models_{simulator, first_actor + 2, sim::SharedLink{network_.down}},
      updates_{simulator, first_actor + 3, sim::SharedLink{network_.up}},
      aggregators_{network_.aggregators ? network_.cells.size() : 0, network_.variants},
      copies_{first_actor + directions},
      to_pass_{copies_ + static_cast<std::uint32_t>(network_.cells.size() * network_.variants)} {}

void Journeys::begin(std::vector<Start> starts) {
  for (auto& [begun, leaves] : starts) {
    const auto client = begun.plan.client;
    const auto [place, is_new] = under_way_.emplace(client, std::move(begun));
    EDGEFUSE_EXPECTS(is_new, "a client takes part once at a time");
    if (leaves != SimTime::never()) simulator_.schedule(leaves, sim::Phase::client, client, EventKind::left);
    send_model(place->second);
  }
  downloads_.await();
  if (network_.aggregators) models_.await();
}

void Journeys::handle(const sim::Event& event, EventKind kind) {
  switch (kind) {
    case EventKind::download_done:
      return begin_training(participation(event.actor));
    case EventKind::compute_done:
      begin_transfer(participation(event.actor), Stage::sending);
      return uploads_.await();
    case EventKind::upload_done:
      return arrive(participation(event.actor));
    case EventKind::left:  // what is sent arrives without its sender
      if (participation(event.actor).stage != Stage::sent) end(event.actor, Fate::left);
      return;
    case EventKind::stopped:
      return end(event.actor,
                 participation(event.actor).course.stop == clients::Course::Stop::flat ? Fate::flat : Fate::crashed);
    case EventKind::rate_changed:
      return change_path(event.actor, event.time);
    case EventKind::transfers_sent:
      for (auto* direction : {&downloads_, &uploads_, &models_, &updates_})
        if (direction->actor() == event.actor) return transfers_sent(*direction);
      break;
    case EventKind::model_at_aggregator:
      return model_came(event.actor - copies_);
    case EventKind::update_from_aggregator:
      return update_came(event.actor - to_pass_);
    default:
      break;
  }
  EDGEFUSE_EXPECTS(false, "an event of a client's way has one of these kinds");
}

/// Models that nobody waited for any more when the last version ended are not sent to their end.
void Journeys::begin_version() {
  if (!network_.aggregators) return;
  for (const auto& [copy, model] : coming_) {
    if (!model.sent) server_down_ -= model.size - models_.withdraw(copy);
    simulator_.cancel(copies_ + copy);
  }
  coming_.clear();
  models_.await();
  aggregators_.begin_round();
}

void Journeys::send_model(Participation& participation) {
  if (!network_.aggregators) return begin_transfer(participation, Stage::receiving);
  const auto client = participation.plan.client;
  const auto cell = hooks_.cell(client);
  const auto found = aggregators_.join(cell, participation.plan.variant, client);
  if (found == Aggregators::Model::here) return begin_transfer(participation, Stage::receiving);
  participation.stage = Stage::waiting;
  if (found == Aggregators::Model::absent) {
    const auto copy = aggregators_.copy(cell, participation.plan.variant);
    const auto size = on_the_wire(participation.plan.download);
    models_.start(copy, size, network_.cells[cell].backhaul, 0);
    coming_.emplace(copy, ComingModel{.size = size});
    server_down_ += size;
  }
}

void Journeys::begin_transfer(Participation& participation, Stage stage) {
  enter(participation, stage);
  const auto client = participation.plan.client;
  const auto [path, until] = hooks_.path(client, simulator_.now());
  const auto link = sim::capped(path, participation.plan.caps);
  const bool down = stage == Stage::receiving;
  (down ? downloads_ : uploads_)
      .start(client, on_the_wire(down ? participation.plan.download : participation.plan.upload),
             down ? link.down : link.up, network_.cells.empty() ? 0 : hooks_.cell(client));
  participation.path_until = until;
  if (until != SimTime::never()) simulator_.schedule(until, sim::Phase::client, client, EventKind::rate_changed);
}

/// Of several changes that are pending, the one that was asked for last counts.
void Journeys::change_path(std::uint32_t client, SimTime at) {
  auto& changed = participation(client);
  const bool transfers = changed.stage == Stage::receiving || changed.stage == Stage::sending;
  if (!transfers || at != changed.path_until) return;
  const auto [path, until] = hooks_.path(client, at);
  const auto link = sim::capped(path, changed.plan.caps);
  auto& direction = changed.stage == Stage::receiving ? downloads_ : uploads_;
  direction.change(client, changed.stage == Stage::receiving ? link.down : link.up);
  direction.await();
  changed.path_until = until;
  if (until != SimTime::never()) simulator_.schedule(until, sim::Phase::client, client, EventKind::rate_changed);
}

void Journeys::transfers_sent(Direction& direction) {
  for (const auto flow : direction.take_ended()) {
    if (&direction == &models_) {
      coming_.at(flow).sent = true;
      schedule(copies_ + flow, network_.backhaul_latency, EventKind::model_at_aggregator);
    } else if (&direction == &updates_) {
      schedule(to_pass_ + flow, network_.backhaul_latency, EventKind::update_from_aggregator);
    } else {
      auto& sender = participation(flow);
      const bool down = &direction == &downloads_;
      carried(sender, on_the_wire(down ? sender.plan.download : sender.plan.upload));
      enter(sender, down ? Stage::received : Stage::sent);
      schedule(flow, hooks_.path(flow, simulator_.now()).link.latency,
               down ? EventKind::download_done : EventKind::upload_done);
    }
  }
  direction.await();
}

void Journeys::begin_training(Participation& participation) {
  enter(participation, Stage::training);
  participation.course = hooks_.course(participation, simulator_.now());
  const auto& course = participation.course;
  schedule(participation.plan.client, course.stops.value_or(course.compute),
           course.stops ? EventKind::stopped : EventKind::compute_done);
}

void Journeys::arrive(Participation& participation) {
  const auto client = participation.plan.client;
  if (participation.course.corrupt) return end(client, Fate::corrupt);
  if (!network_.aggregators) return end(client, Fate::returned);
  enter(participation, Stage::at_aggregator);
  simulator_.cancel(client);  // its own part is done: it may leave
  const auto cell = hooks_.cell(client);
  aggregators_.collect(cell, client, participation.plan.upload);
  pass_on_if_complete(cell);
}

void Journeys::model_came(std::uint32_t copy) {
  coming_.erase(copy);
  const auto cell = static_cast<std::uint32_t>(copy / network_.variants);
  for (const auto client : aggregators_.model_came(cell, copy % network_.variants))
    begin_transfer(participation(client), Stage::receiving);
  downloads_.await();
}

/// The exact sum of its clients' changes: their factors side by side, or the matrices where those are smaller.
void Journeys::pass_on_if_complete(std::uint32_t cell) {
  if (!aggregators_.complete(cell)) return;
  const auto size = on_the_wire(std::min(aggregators_.collected_bytes(cell), network_.dense_update));
  updates_.start(cell, size, network_.cells[cell].backhaul, 0);
  updates_.await();
  server_up_ += size;
}

void Journeys::update_came(std::uint32_t cell) {
  for (const auto client : std::vector{aggregators_.collected(cell)})
    if (is_on_the_way(client)) end(client, Fate::returned);
}

void Journeys::call_off() {
  while (!under_way_.empty())
    end(under_way_.begin()->first, Fate::called_off);
}

void Journeys::enter(Participation& participation, Stage stage) {
  const auto elapsed = simulator_.now().since(participation.stage_began);
  if (participation.stage == Stage::training) {
    participation.did.compute += elapsed;
    hooks_.computed(participation.plan.client, elapsed, simulator_.now());
  } else if (participation.stage != Stage::at_aggregator) {
    participation.did.transfer += elapsed;
  }
  participation.stage = stage;
  participation.stage_began = simulator_.now();
}

void Journeys::withdraw(Participation& participation) {
  const bool down = participation.stage == Stage::receiving;
  if (!down && participation.stage != Stage::sending) return;
  auto& direction = down ? downloads_ : uploads_;
  carried(participation, direction.withdraw(participation.plan.client));
  direction.await();
}

void Journeys::end(std::uint32_t client, Fate fate) {
  auto& ending = participation(client);
  simulator_.cancel(client);
  withdraw(ending);
  const auto stage = ending.stage;
  enter(ending, Stage::ended);
  ending.fate = fate;
  ending.ended = simulator_.now();
  auto ended = under_way_.extract(client);
  if (network_.aggregators && stage != Stage::at_aggregator) {
    const auto cell = hooks_.cell(client);
    aggregators_.lose(cell, client);
    if (fate != Fate::called_off) pass_on_if_complete(cell);
  }
  hooks_.ended(std::move(ended.mapped()));
}

void Journeys::carried(Participation& participation, Bytes bytes) {
  const bool down = participation.stage == Stage::receiving;
  (down ? participation.did.down : participation.did.up) += bytes;
  if (!network_.aggregators) (down ? server_down_ : server_up_) += bytes;
}

void Journeys::schedule(std::uint32_t actor, Seconds duration, EventKind kind) {
  simulator_.schedule(after(simulator_.now(), duration), sim::Phase::completion, actor, kind);
}

Participation& Journeys::participation(std::uint32_t client) {
  const auto found = under_way_.find(client);
  EDGEFUSE_EXPECTS(found != under_way_.end(), "only clients on the way have events");
  return found->second;
}

}  // namespace edgefuse::app
