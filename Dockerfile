FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# What decides the packages comes first: as long as it stays the same, this layer is not downloaded again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Domain/Domain.csproj src/Domain/packages.lock.json src/Domain/
COPY src/Application/Application.csproj src/Application/packages.lock.json src/Application/
COPY src/Dashboard/Dashboard.csproj src/Dashboard/packages.lock.json src/Dashboard/
COPY src/Infrastructure/Infrastructure.csproj src/Infrastructure/packages.lock.json src/Infrastructure/
COPY src/WebApi/WebApi.csproj src/WebApi/packages.lock.json src/WebApi/
RUN dotnet restore src/WebApi --locked-mode -p:PublishReadyToRun=true
# The conventions come along: they also say which warnings, here errors, do not apply.
COPY .editorconfig ./
COPY src/ src/
# Compiled ahead of time for the platform that builds: an arm64 machine makes an arm64 image.
RUN dotnet publish src/WebApi --no-restore -c Release -p:PublishReadyToRun=true -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app ./
USER $APP_UID
ENV ASPNETCORE_HTTP_PORTS=8080
EXPOSE 8080
# The service's own command asks /health/ready; the image needs no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["dotnet", "/app/IndustryData.WebApi.dll", "health"]
ENTRYPOINT ["dotnet", "/app/IndustryData.WebApi.dll"]
