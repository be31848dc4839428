#include "ingest/session/session.h"

#include "ingest/session/session_impl.h"

namespace millrace::ingest {

Session::Session(boost::asio::io_context& context, SessionSettings settings, SessionListener& listener)
    : impl_(std::make_shared<Impl>(context, std::move(settings), listener)) {}

Session::~Session() { impl_->detach(); }

void Session::start() { impl_->ask({.kind = Outcome::Kind::kStart}, {}); }

bool Session::send(std::string text) { return impl_->send(std::move(text)); }

void Session::reconnect(std::string why) { impl_->ask({.kind = Outcome::Kind::kReconnect}, std::move(why)); }

void Session::report(Progress progress, std::string detail) {
  impl_->ask({.kind = Outcome::Kind::kProgress, .progress = progress}, std::move(detail));
}

void Session::stop() { impl_->ask({.kind = Outcome::Kind::kStop}, "stopped"); }

bool Session::is_open() const noexcept { return impl_->open_; }
SessionState Session::state() const noexcept { return impl_->fsm_.state(); }
const SessionStats& Session::stats() const noexcept { return impl_->stats_; }
const SessionSettings& Session::settings() const noexcept { return impl_->settings_; }

}  // namespace millrace::ingest
