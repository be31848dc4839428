#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>

#include "tests/sim/net/client.h"

// The one header with Beast types; included by the two sources that hand a request over to a connection.
namespace millrace::sim {

using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;

// Answers the upgrade and starts reading; Events::on_open follows once the client has its answer.
std::shared_ptr<Client> make_client(Wire wire, BeastRequest request, ClientId id, Client::Options options,
                                    Client::Events events, Injector injector);

}  // namespace millrace::sim
