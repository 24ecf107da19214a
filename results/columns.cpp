#include "results/columns.hpp"

#include <type_traits>

namespace edgefuse::results {
namespace {

// How each type of a row's members becomes one of the four that columns hold, and back.

std::int64_t stored(std::int64_t value) {
  return value;
}
std::int64_t stored(SimTime value) {
  return value.nanoseconds;
}
double stored(double value) {
  return value;
}
template <int T, int D, int W, int E>
double stored(Quantity<T, D, W, E> value) {
  return value.value;
}
std::string stored(const std::string& value) {
  return value;
}
std::uint8_t stored(std::uint8_t value) {
  return value;
}
std::uint8_t stored(Outcome value) {
  return static_cast<std::uint8_t>(value);
}

void restore(std::int64_t& member, std::int64_t value) {
  member = value;
}
void restore(SimTime& member, std::int64_t value) {
  member = SimTime{value};
}
void restore(double& member, double value) {
  member = value;
}
template <int T, int D, int W, int E>
void restore(Quantity<T, D, W, E>& member, double value) {
  member = Quantity<T, D, W, E>{value};
}
void restore(std::string& member, const std::string& value) {
  member = value;
}
void restore(std::uint8_t& member, std::uint8_t value) {
  member = value;
}
void restore(Outcome& member, std::uint8_t value) {
  member = static_cast<Outcome>(value);
}

template <class Row, class Member>
using Stored = decltype(stored(std::declval<const Row&>().*std::declval<Member>()));

/// What holds a column of values of type T.
template <class T>
using Values = std::conditional_t<std::is_same_v<T, std::string>, TextValues, std::vector<T>>;

}  // namespace

template <class Row>
ColumnType type_of(const Column<Row>& column) {
  return static_cast<ColumnType>(gather<Row>(column, {}).index());
}

template <class Row>
ColumnData gather(const Column<Row>& column, std::span<const Row> rows) {
  return std::visit(
      [&](auto member) -> ColumnData {
        Values<Stored<Row, decltype(member)>> values;
        values.reserve(rows.size());
        for (const auto& row : rows)
          values.push_back(stored(row.*member));
        return values;
      },
      column.member);
}

template <class Row>
void scatter(const Column<Row>& column, const ColumnData& data, std::span<Row> rows) {
  std::visit(
      [&](auto member) {
        const auto& values = std::get<Values<Stored<Row, decltype(member)>>>(data);
        for (std::size_t i = 0; i < rows.size(); ++i)
          restore(rows[i].*member, values[i]);
      },
      column.member);
}

#define EDGEFUSE_INSTANTIATE(Row)                                       \
  template ColumnType type_of(const Column<Row>&);                      \
  template ColumnData gather(const Column<Row>&, std::span<const Row>); \
  template void scatter(const Column<Row>&, const ColumnData&, std::span<Row>)
EDGEFUSE_INSTANTIATE(ClientRow);
EDGEFUSE_INSTANTIATE(RoundRow);
EDGEFUSE_INSTANTIATE(PlanRow);
EDGEFUSE_INSTANTIATE(EvaluationRow);
EDGEFUSE_INSTANTIATE(FusionRow);
EDGEFUSE_INSTANTIATE(ConflictRow);
EDGEFUSE_INSTANTIATE(ConflictPairRow);
EDGEFUSE_INSTANTIATE(EventRow);
#undef EDGEFUSE_INSTANTIATE

std::vector<std::string> outcome_labels() {
  return {"returned", "lost", "late", "refused", "sat_out"};
}

TableSchema<ClientRow> client_table() {
  return {"/clients",
          {
              {"device", &ClientRow::device, "1", "device class"},
              {"domain", &ClientRow::domain, "1", "what its data are about"},
              {"memory", &ClientRow::memory, "B", "what training may use"},
              {"examples", &ClientRow::examples, "1", "training examples it holds"},
          }};
}

TableSchema<RoundRow> round_table() {
  return {"/rounds",
          {
              {"round", &RoundRow::round, "1", "number of the round, from 1"},
              {"version", &RoundRow::version, "1", "version of the base after the round"},
              {"start", &RoundRow::start, "ns", "virtual time at which the round began"},
              {"end", &RoundRow::end, "ns", "virtual time of its fusion"},
              {"started", &RoundRow::started, "1", "clients whose part ended with the round"},
              {"returned", &RoundRow::returned, "1", "updates fused"},
              {"lost", &RoundRow::lost, "1", "clients that began and never returned"},
              {"late", &RoundRow::late, "1", "updates that came after their fusion"},
              {"refused", &RoundRow::refused, "1", "updates not fit to be fused"},
              {"sat_out", &RoundRow::sat_out, "1", "picked clients that no variant fitted"},
              {"bytes_up", &RoundRow::bytes_up, "B", "carried from clients to server, lost updates included"},
              {"bytes_down", &RoundRow::bytes_down, "B", "carried from server to clients"},
              {"energy", &RoundRow::energy, "J", "spent by the clients"},
              {"training_loss", &RoundRow::training_loss, "1",
               "mean of the returned clients' last losses, weighted by examples, in nats per token; NaN untrained"},
              {"wasted", &RoundRow::wasted, "B", "carried for updates that were not fused", 2},
              {"server_up", &RoundRow::server_up, "B", "what the server's own link took in", 2},
              {"server_down", &RoundRow::server_down, "B", "what the server's own link sent out", 2},
              {"staleness", &RoundRow::staleness, "1", "mean of the updates fused; NaN without any", 2},
              {"carbon", &RoundRow::carbon, "g", "CO2 equivalent of the energy, by the scenario's rate", 2},
              {"cost", &RoundRow::cost, "1", "price of the energy, in the scenario's money", 2},
          }};
}

TableSchema<PlanRow> plan_table() {
  return {"/clients/plans",
          {
              {"round", &PlanRow::round, "1", "round its part ended with, from 1"},
              {"client", &PlanRow::client, "1", "row of /clients"},
              {"ratio", &PlanRow::ratio, "1", "share of what may be pruned that its variant was to lack"},
              {"parameters", &PlanRow::parameters, "1", "parameters its variant has"},
              {"rank", &PlanRow::rank, "1", "LoRA rank"},
              {"steps", &PlanRow::steps, "1", "optimiser steps"},
              {"examples", &PlanRow::examples, "1", "examples it trains on"},
              {"predicted", &PlanRow::predicted, "s", "from invitation to arrival, as planned"},
              {"simulated", &PlanRow::simulated, "s", "from invitation to arrival, as it came about"},
              {"peak_memory", &PlanRow::peak_memory, "B", "predicted peak while it trains"},
              {"download", &PlanRow::download, "B", "variant it is to receive"},
              {"upload", &PlanRow::upload, "B", "update it is to send"},
              {"energy", &PlanRow::energy, "J", "predicted for computing and transfers"},
              {"binding", &PlanRow::binding, "1", "the budget that chose the ratio"},
              {"first_loss", &PlanRow::first_loss, "1", "loss before its first step, nats per token; NaN untrained"},
              {"last_loss", &PlanRow::last_loss, "1", "loss before its last step, nats per token; NaN untrained"},
              {"outcome", &PlanRow::outcome, "1", "how its part in the round ended"},
              {"fate", &PlanRow::fate, "1", "why it ended so", 2},
              {"invitation", &PlanRow::invitation, "1", "of the run, from 1: tells a client's parts apart", 2},
              {"version", &PlanRow::version, "1", "version of the base it started from", 2},
              {"staleness", &PlanRow::staleness, "1", "versions between that and the fusion its part ended with", 2},
              {"received", &PlanRow::received, "B", "what was carried to it", 2},
              {"sent", &PlanRow::sent, "B", "what was carried from it", 2},
              {"spent", &PlanRow::spent, "J", "what its device drew, as it came about", 2},
          }};
}

TableSchema<EvaluationRow> evaluation_table() {
  return {"/evaluation",
          {
              {"round", &EvaluationRow::round, "1", "after which it was measured; 0 is before the first"},
              {"model", &EvaluationRow::model, "1", "base, adapter:DOMAIN, or the name of a fusion arm"},
              {"metric", &EvaluationRow::metric, "1", "what was measured"},
              {"domain", &EvaluationRow::domain, "1", "domain of the items, or all"},
              {"value", &EvaluationRow::value, "1", "the figure"},
              {"low", &EvaluationRow::low, "1", "lower end of its 95 % interval"},
              {"high", &EvaluationRow::high, "1", "upper end of its 95 % interval"},
              {"n", &EvaluationRow::n, "1", "items it is taken over"},
              {"chance", &EvaluationRow::chance, "1", "what guessing gives; NaN where nothing can be guessed"},
          }};
}

TableSchema<FusionRow> fusion_table() {
  return {"/fusion",
          {
              {"round", &FusionRow::round, "1", "number of the round, from 1", 3},
              {"arm", &FusionRow::arm, "1", "name of the fusion arm", 3},
              {"norm", &FusionRow::norm, "1", "Frobenius norm of its change of the base", 3},
              {"mean_norm", &FusionRow::mean_norm, "1", "that of the updates' weighted mean", 3},
              {"error", &FusionRow::error, "1", "norm of the difference of the two over that of the mean", 3},
          }};
}

TableSchema<ConflictRow> conflict_table() {
  return {"/conflict",
          {
              {"round", &ConflictRow::round, "1", "number of the round, from 1", 3},
              {"module", &ConflictRow::module, "1", "adapted matrix", 3},
              {"clients", &ConflictRow::clients, "1", "updates that change it", 3},
              {"cosine", &ConflictRow::cosine, "1", "mean over pairs of updates", 3},
              {"lowest", &ConflictRow::lowest, "1", "cosine of the worst pair", 3},
              {"disagreement", &ConflictRow::disagreement, "1", "share of contested entries with unlike signs", 3},
              {"excess", &ConflictRow::excess, "1", "that, less what chance gives", 3},
              {"cancelled", &ConflictRow::cancelled, "1", "share of the changes' mass that their sum lacks", 3},
          }};
}

TableSchema<ConflictPairRow> conflict_pair_table() {
  return {"/conflict/pairs",
          {
              {"round", &ConflictPairRow::round, "1", "number of the round, from 1", 3},
              {"module", &ConflictPairRow::module, "1", "adapted matrix", 3},
              {"first", &ConflictPairRow::first, "1", "client of the one update", 3},
              {"second", &ConflictPairRow::second, "1", "client of the other", 3},
              {"cosine", &ConflictPairRow::cosine, "1", "between the two changes", 3},
              {"disagreement", &ConflictPairRow::disagreement, "1", "share of shared entries with unlike signs", 3},
              {"excess", &ConflictPairRow::excess, "1", "that, less one half", 3},
              {"overlap", &ConflictPairRow::overlap, "1", "entries both change over entries either does", 3},
              {"top_overlap", &ConflictPairRow::top_overlap, "1", "the same of the largest fifth of each", 3},
              {"norm_ratio", &ConflictPairRow::norm_ratio, "1", "smaller norm over larger", 3},
              {"rows", &ConflictPairRow::rows, "1", "mean cosine of the angles between their row spaces", 3},
              {"columns", &ConflictPairRow::columns, "1", "the same between their column spaces", 3},
          }};
}

TableSchema<EventRow> event_table() {
  return {"/events",
          {
              {"time", &EventRow::time, "ns", "virtual time"},
              {"phase", &EventRow::phase, "1", "place in the order of one instant"},
              {"kind", &EventRow::kind, "1", "what happened"},
              {"actor", &EventRow::actor, "1",
               "client it happened to, or below 0 the server (-1), its downlink (-2), its uplink (-3), and more"},
          }};
}

}  // namespace edgefuse::results
